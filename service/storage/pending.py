"""Changes that wait for the database, kept outside it so that they are known while it is down (DESIGN.md section 5)."""

import os
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from service.deltas import Delta, Place
from service.errors import DamagedFile, StoreUnavailable
from service.storage.delta_text import from_bytes, to_bytes
from service.storage.durable import faults, make_directory, names, sweep, sync_path, write_new

#: What a kept change is named by while it waits for the database, and once only its file lacks it.
_WAITING, _BROUGHT = _SUFFIXES = (".json", ".brought")
#: Ends a copy of which it is known that its file has been written.
_IN_FILE = b"\n"


class Pending:
    """Keep copies of changes until a sync has brought them into the database. Every method may raise FileUnavailable.

    One is kept under `ahead/` from before its file is written, which costs no wait for the disk: it was not acknowledged.
    Once it is in its file and does not arrive in the database it is made to last under `pending/`, and acknowledged. One
    that the database has and its file, which could not be written, still lacks is kept on beside those that wait. The names
    order copies by when their files were written, in nanoseconds.
    """

    def __init__(self, state_dir: Path) -> None:
        self._root = state_dir / "pending"
        self._ahead = state_dir / "ahead"

    def keep(self, deposition_data_set_id: str, delta: Delta, written: int) -> Path:
        """Keep a change durably that its file holds."""
        return _write(self._root / deposition_data_set_id / _name(written), to_bytes(delta) + _IN_FILE, durable=True)

    @contextmanager
    def kept(self, deposition_data_set_id: str, delta: Delta) -> Iterator[Path]:
        """Keep a change from before its file is written: whoever finds it there knows of it. Taken back if it is not.

        Raises StoreUnavailable where others have brought in by then what was not written.
        """
        written = max(time.time_ns(), self.newest(deposition_data_set_id) + 1)  # whatever the clock of another server says
        copy = _write(self._ahead / f"{deposition_data_set_id}.{_name(written)}", to_bytes(delta), durable=False)
        is_written = False
        try:
            yield copy
            is_written = True
            self.tell_written([copy])
        finally:
            if not is_written and not self._is_taken_back(copy):
                raise StoreUnavailable(
                    f"{copy} was taken before its file was written; whether the change is there is not known"
                )

    def tell_written(self, copies: Iterable[Path]) -> None:
        """Say of copies that their file has been written; where that cannot be said, it stays what nobody knows."""
        for copy in copies:
            with suppress(OSError):
                descriptor = os.open(copy, os.O_WRONLY | os.O_APPEND)
                try:
                    os.write(descriptor, _IN_FILE)
                finally:
                    os.close(descriptor)

    def secure(self, copy: Path) -> Path | None:
        """Make a copy last, and give where it is; `None` where a sync has brought it in."""
        lasting = self._lasting(copy)
        if copy != lasting:
            with faults(copy):
                make_directory(lasting.parent)
                try:
                    sync_path(copy)
                    copy.rename(lasting)
                except FileNotFoundError:
                    return None
                sync_path(lasting.parent)
        return lasting

    def of(self, deposition_data_set_id: str) -> dict[Path, Delta]:
        """Give what waits for the database, oldest first."""
        return self._loaded(self._kept(deposition_data_set_id, _WAITING))

    def brought(self, deposition_data_set_id: str) -> dict[Path, Delta]:
        """Give what the database has and the files lack, oldest first."""
        return self._loaded(self._kept(deposition_data_set_id, _BROUGHT))

    def waits(self, copy: Path | None) -> bool:
        """Tell whether a change waits still; the copy of one that a sync has brought in is gone. `None` was never made."""
        if copy is None:
            return True
        with faults(copy), suppress(FileNotFoundError):
            os.close(os.open(copy, os.O_RDONLY))  # NFS may answer a mere `stat` from what it knew a while ago
            return True
        return False

    def older(self, deposition_data_set_id: str, copy: Path) -> set[Place]:
        """Give the rows of which a change waits that is older than the one of a copy."""
        older = [p for p in self._kept(deposition_data_set_id, _WAITING) if _order(p) < _order(copy)]
        return {delta.place for delta in self._loaded(older).values()}

    def is_any(self, deposition_data_set_id: str) -> bool:
        """Tell whether any change waits for the database."""
        return bool(self._kept(deposition_data_set_id, _WAITING))

    def copies(self, deposition_data_set_id: str) -> set[Path]:
        """Name all that is kept for a deposition."""
        return set(self._kept(deposition_data_set_id))

    def has(self, deposition_data_set_id: str) -> bool:
        """Tell whether anything is kept for a deposition."""
        return bool(self._kept(deposition_data_set_id))

    def newest(self, deposition_data_set_id: str) -> int:
        """Give when the file was written for the newest change that is kept; 0 where none is."""
        return max((int(_order(path).partition("-")[0]) for path in self._kept(deposition_data_set_id)), default=0)

    def depositions(self) -> tuple[str, ...]:
        """List the depositions for which changes are kept that were acknowledged."""
        return tuple(sorted({copy.parent.name for copy in self.acknowledged()}))

    def acknowledged(self) -> set[Path]:
        """Name all that is kept of what was acknowledged, whichever store it waits for."""
        return {self._root / key / name for key in names(self._root) for name in names(self._root / key)}

    def begun(self) -> set[str]:
        """List the depositions with a change on its way, or one whose worker died there."""
        return {name.partition(".")[0] for name in names(self._ahead)}

    def since(self) -> Iterator[float]:
        """Give, for each of those of `depositions`, when the oldest of its changes was kept, in seconds since 1970."""
        for deposition_data_set_id in self.depositions():
            oldest = min((n for n in names(self._root / deposition_data_set_id) if n.endswith(_WAITING)), default=None)
            if oldest is not None:
                yield int(oldest.partition("-")[0]) / 1e9

    def keep_on(self, copies: Iterable[Path]) -> None:
        """Keep on, for their files, copies that waited for the database and that it holds now."""
        for copy in copies:
            lasting = self.secure(copy)
            with faults(copy), suppress(FileNotFoundError):  # another process was quicker
                if lasting is not None:
                    lasting.rename(lasting.with_suffix(_BROUGHT))
                    sync_path(lasting.parent)

    def forget(self, copies: Iterable[Path]) -> None:
        """Remove copies that both stores hold now: no power cut brings one back that was made to last."""
        copies = list(copies)
        for copy in copies:
            with faults(copy):
                copy.unlink(missing_ok=True)
        for directory in {copy.parent for copy in copies if not self._is_ahead(copy)}:
            with faults(directory):
                sync_path(directory)

    def sweep(self) -> None:
        """Remove what killed writers left of copies that they did not finish."""
        for directory in (self._ahead, *(self._root / name for name in names(self._root))):
            sweep(directory)

    def _is_taken_back(self, copy: Path) -> bool:
        with faults(copy), suppress(FileNotFoundError):
            copy.unlink()
            return True
        return False

    def _kept(self, deposition_data_set_id: str, *suffixes: str) -> list[Path]:
        """List the copies of a deposition, oldest first; all of them where no suffix is named."""
        lasting = self._root / deposition_data_set_id
        begun = [self._ahead / name for name in names(self._ahead) if name.startswith(f"{deposition_data_set_id}.")]
        found = [*begun, *(lasting / name for name in names(lasting))]  # in this order: one may be made to last meanwhile
        return sorted((path for path in found if path.suffix in (suffixes or _SUFFIXES)), key=_order)

    def _loaded(self, copies: Iterable[Path]) -> dict[Path, Delta]:
        found: dict[Path, Delta] = {}
        for copy in copies:
            for path in dict.fromkeys((copy, self._lasting(copy))):
                if (delta := self._load(path)) is not None:
                    found[path] = delta
                    break
        return found

    def _load(self, path: Path) -> Delta | None:
        """Read a kept change; `None` when another process has brought it in meanwhile."""
        try:
            with faults(path), suppress(FileNotFoundError):
                text = path.read_bytes()
                return replace(from_bytes(text), begun=not text.endswith(_IN_FILE))
            return None
        except (ValueError, KeyError, TypeError) as error:
            if self._is_ahead(path):  # torn by a power cut, and so never acknowledged
                self.forget([path])
                return None
            raise DamagedFile(
                f"{path} holds an acknowledged change and cannot be read: {error}; restore it from a backup, or move it "
                "away if its message is in the file",
                path=str(path),
            ) from error

    def _is_ahead(self, copy: Path) -> bool:
        return copy.parent == self._ahead

    def _lasting(self, copy: Path) -> Path:
        """Give where a copy is once it lasts."""
        if not self._is_ahead(copy):
            return copy
        deposition_data_set_id, _, name = copy.name.partition(".")
        return self._root / deposition_data_set_id / name


def _write(path: Path, text: bytes, *, durable: bool) -> Path:
    with faults(path):
        make_directory(path.parent)
        write_new(path, text, durable=durable)
    return path


def _name(written: int) -> str:
    return f"{written:020d}-{uuid.uuid4().hex}{_WAITING}"


def _order(copy: Path) -> str:
    """Give the part of a name by which copies are ordered, wherever they are."""
    return copy.stem.rpartition(".")[2]
