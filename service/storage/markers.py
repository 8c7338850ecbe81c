"""Depositions whose files lack something, marked in `state_dir`, outside the database, so that they are known while it is
down (DESIGN.md section 5)."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from service.errors import CommitUnknown, FileUnavailable, MessagingError
from service.storage.base import Moved
from service.storage.durable import exclusive, faults, make_directory, names, write_new


class Markers:
    """Mark the depositions whose files lack something, as files under `cif-behind/` that say which change set them last.

    Every method may raise FileUnavailable.
    """

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
                _put(path, mark)
        return None if was_marked else mark

    @contextmanager
    def around(self, deposition_data_set_id: str, *, durable: bool = True) -> Iterator[None]:
        """Mark a deposition for a change of the database alone; the mark goes where the change was certainly not made.

        It is set once more behind the change: a sync that began before it may take the first one for its own.
        """
        key = deposition_data_set_id
        mark = self.set(key, durable=durable) if durable or not self.has(key) else None
        try:
            yield
        except CommitUnknown:
            raise
        except (MessagingError, Moved):
            self.clear(key, mark)
            raise
        try:
            self.set(key, durable=durable)
        except FileUnavailable as error:
            raise CommitUnknown(f"{error.message}; the change may be there all the same, send it again") from error

    def seen(self, deposition_data_set_id: str) -> bytes | None:
        """Give the mark as it is now; `None` where there is none."""
        path = self._root / deposition_data_set_id
        with faults(path), suppress(FileNotFoundError):
            return path.read_bytes()
        return None

    def clear(self, deposition_data_set_id: str, seen: bytes | None) -> None:
        """Remove the mark that was seen; one that was set since stays, for its change came later."""
        if seen is None:
            return
        with faults(self._root), exclusive(self._lock):
            if self.seen(deposition_data_set_id) == seen:
                (self._root / deposition_data_set_id).unlink(missing_ok=True)

    def has(self, deposition_data_set_id: str) -> bool:
        path = self._root / deposition_data_set_id
        with faults(path), suppress(FileNotFoundError):
            path.stat()  # `exists` would take any trouble for no
            return True
        return False

    def depositions(self) -> tuple[str, ...]:
        return tuple(names(self._root))

    def since(self) -> Iterator[float]:
        """Give, for each of them, when it was marked last, in seconds since 1970."""
        for name in self.depositions():
            with faults(self._root / name), suppress(FileNotFoundError):  # brought up meanwhile
                yield (self._root / name).stat().st_mtime


def _put(path: Path, mark: bytes) -> None:
    """Write a mark over an older one, which is as long: whoever sees half of it sees another mark than this one.

    A file that is cut off and written anew would make the file system wait for the disk.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o640)
    try:
        os.write(descriptor, mark)
    finally:
        os.close(descriptor)
