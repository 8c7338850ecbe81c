"""Which depositions a writer of ours has on the way from their files to the database: their files differ from what is
recorded, and no other program was it.

Shared kernel locks on single bytes of one file of `state_dir`, given up by a crash.
"""

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

from service.storage.durable import faults, make_directory

_FLOCK = "hhqqi0q"


class Underway:
    """Mark depositions for the time of a change of both stores, and ask whether one is marked."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / "underway"

    @contextmanager
    def marked(self, deposition_data_set_id: str) -> Iterator[None]:
        """Mark a deposition until the block is left; any number may. Raises FileUnavailable."""
        with faults(self._path):
            descriptor = self._opened()
        try:
            with faults(self._path):
                fcntl.fcntl(descriptor, fcntl.F_OFD_SETLKW, _lock(fcntl.F_RDLCK, deposition_data_set_id))
            yield
        finally:
            os.close(descriptor)

    def has(self, deposition_data_set_id: str) -> bool:
        """Tell whether a deposition is marked by anybody."""
        with faults(self._path):
            descriptor = self._opened()
            try:
                answer = fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, _lock(fcntl.F_WRLCK, deposition_data_set_id))
            finally:
                os.close(descriptor)
        return bool(struct.unpack(_FLOCK, answer)[0] != fcntl.F_UNLCK)

    def _opened(self) -> int:
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT, 0o640)
        except FileNotFoundError:
            make_directory(self._path.parent)
            return os.open(self._path, os.O_RDWR | os.O_CREAT, 0o640)


def _lock(kind: int, deposition_data_set_id: str) -> bytes:
    byte = int.from_bytes(blake2b(deposition_data_set_id.encode(), digest_size=8).digest()) >> 2
    return struct.pack(_FLOCK, kind, os.SEEK_SET, byte, 1, 0)
