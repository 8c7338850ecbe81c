"""Changes that wait for the database, and depositions whose files lack something: both kept in `state_dir`, outside the
database, so that they are known while it is down (DESIGN.md section 5)."""

import json
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from service.deltas import Delta
from service.errors import DamagedFile
from service.messages import FileReference, Message, OriginalCommunication, Status
from service.storage.durable import exclusive, faults, make_directory, remove, write_new

#: What a kept change is named by while it waits for the database, and once only its file lacks it.
_WAITING, _BROUGHT = ".json", ".brought"


class Pending:
    """Keep copies of acknowledged changes under `pending/` until a sync has brought them into the database.

    One that the database has and its file, which could not be written, still lacks is kept on beside those that wait.
    """

    def __init__(self, state_dir: Path) -> None:
        self._root = state_dir / "pending"

    def keep(self, deposition_data_set_id: str, delta: Delta, written: int) -> Path:
        """Write a change durably; its name orders it by the time at which its file was written, in nanoseconds."""
        directory = self._root / deposition_data_set_id
        with faults(directory):
            make_directory(directory)
            path = directory / f"{written:020d}-{uuid.uuid4().hex}{_WAITING}"
            write_new(path, json.dumps(asdict(delta)).encode())
        return path

    def of(self, deposition_data_set_id: str) -> dict[Path, Delta]:
        """Give what waits for the database, oldest first."""
        return self._loaded(deposition_data_set_id, _WAITING)

    def brought(self, deposition_data_set_id: str) -> dict[Path, Delta]:
        """Give what the database has and the files lack, oldest first."""
        return self._loaded(deposition_data_set_id, _BROUGHT)

    def has(self, deposition_data_set_id: str) -> bool:
        """Tell whether anything is kept for a deposition."""
        return bool(self._kept(deposition_data_set_id))

    def newest(self, deposition_data_set_id: str) -> int:
        """Give when the file was written for the newest change that is kept; 0 where none is."""
        return max((int(name.partition("-")[0]) for name in self._kept(deposition_data_set_id)), default=0)

    def depositions(self) -> tuple[str, ...]:
        """List the depositions for which changes are kept."""
        names = sorted(os.listdir(self._root)) if self._root.is_dir() else []
        return tuple(name for name in names if self.has(name))

    def since(self) -> Iterator[float]:
        """Give, for each of those depositions, when the oldest of its changes was kept, in seconds since 1970."""
        for name in self.depositions():
            oldest = min((path.name for path in (self._root / name).glob(f"*{_WAITING}")), default=None)
            if oldest is not None:
                yield int(oldest.partition("-")[0]) / 1e9

    def keep_on(self, paths: Iterable[Path]) -> None:
        """Keep on, for their files, copies that waited for the database and that it holds now."""
        for path in paths:
            with suppress(FileNotFoundError):  # another process was quicker
                path.rename(path.with_suffix(_BROUGHT))

    def forget(self, paths: Iterable[Path]) -> None:
        """Remove copies that both stores hold now."""
        for path in paths:
            remove(path)

    def _kept(self, deposition_data_set_id: str, suffix: str | tuple[str, ...] = (_WAITING, _BROUGHT)) -> list[str]:
        try:
            return sorted(name for name in os.listdir(self._root / deposition_data_set_id) if name.endswith(suffix))
        except FileNotFoundError:
            return []

    def _loaded(self, deposition_data_set_id: str, suffix: str) -> dict[Path, Delta]:
        names = self._kept(deposition_data_set_id, suffix)
        paths = [self._root / deposition_data_set_id / name for name in names]
        return {path: delta for path in paths if (delta := _load(path)) is not None}


class Markers:
    """Mark the depositions whose files lack something, as files under `cif-behind/` that say which change set them last."""

    def __init__(self, state_dir: Path) -> None:
        self._root = state_dir / "cif-behind"
        self._lock = state_dir / "cif-behind.lock"

    def set(self, deposition_data_set_id: str, *, durable: bool = True) -> bytes | None:
        """Mark before the write, so that a crash in between leaves a needless mark and never a missing one.

        Gives the mark, for taking it back where the write was not made; `None` where one was there that must stay.
        """
        path, mark = self._root / deposition_data_set_id, uuid.uuid4().hex.encode()
        with faults(path), exclusive(self._lock):
            make_directory(self._root)
            was_marked = self.has(deposition_data_set_id)
            if durable:
                write_new(path, mark)
            else:
                path.write_bytes(mark)  # whoever sees half of it sees another mark than this one
        return None if was_marked else mark

    def seen(self, deposition_data_set_id: str) -> bytes | None:
        """Give the mark as it is now; `None` where there is none."""
        try:
            return (self._root / deposition_data_set_id).read_bytes()
        except FileNotFoundError:
            return None

    def clear(self, deposition_data_set_id: str, seen: bytes | None) -> None:
        """Remove the mark that was seen; one that was set since stays, for its change came later."""
        if seen is None:
            return
        with exclusive(self._lock):
            if self.seen(deposition_data_set_id) == seen:
                remove(self._root / deposition_data_set_id)

    def has(self, deposition_data_set_id: str) -> bool:
        return (self._root / deposition_data_set_id).exists()

    def depositions(self) -> tuple[str, ...]:
        names = sorted(os.listdir(self._root)) if self._root.is_dir() else []
        return tuple(name for name in names if not name.startswith("."))

    def since(self) -> Iterator[float]:
        """Give, for each of them, when it was marked last, in seconds since 1970."""
        for name in self.depositions():
            try:
                yield (self._root / name).stat().st_mtime
            except FileNotFoundError:
                continue  # brought up meanwhile


def _load(path: Path) -> Delta | None:
    """Read a kept change; `None` when another process has brought it in meanwhile."""
    try:
        return _delta(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedFile(
            f"{path} holds an acknowledged change and cannot be read: {error}; restore it from a backup, or move it away if "
            "its message is in the file",
            path=str(path),
        ) from error


def _delta(kept: dict[str, Any]) -> Delta:
    replaced, status, before = kept["replace"], kept["status"], kept["before"]
    edited: type[Message | Status] = Message if replaced else Status
    return Delta(
        kept["content_type"],
        append=Message(**kept["append"]) if kept["append"] else None,
        replace=Message(**replaced) if replaced else None,
        files=tuple(FileReference(**f) for f in kept["files"]),
        originals=tuple(OriginalCommunication(**o) for o in kept["originals"]),
        status=Status(**status) if status else None,
        before=edited(**before) if before else None,
        repeated=kept["repeated"],
        informed=kept.get("informed", False),  # one that an earlier version kept says nothing of it
    )
