"""Turns among our own writers: kernel locks on single bytes of one file of `state_dir`, given up by a crash.

Each thing that is taken in turns has a byte of its own, by its name, so nothing waits for what it has nothing to do with.
"""

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

from service.storage.durable import faults, make_directory

#: The kernel's record of a lock: kind, where its byte is counted from, the byte, how many, whose.
_FLOCK = "hhqqi0q"


class Turns:
    """What one change holds. The locks belong to the open file, so threads exclude each other as processes do."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def wait(self, name: str) -> None:
        """Wait, in the order in which the kernel wakes, until nobody else holds a name."""
        self._set(fcntl.F_OFD_SETLKW, fcntl.F_WRLCK, name)

    def take(self, name: str) -> bool:
        """Hold a name if nobody else does; tell whether it is held."""
        try:
            self._set(fcntl.F_OFD_SETLK, fcntl.F_WRLCK, name)
        except (BlockingIOError, PermissionError):  # POSIX lets a system answer with either
            return False
        return True

    def share(self, name: str) -> None:
        """Hold a name together with others who share it."""
        self._set(fcntl.F_OFD_SETLKW, fcntl.F_RDLCK, name)

    def is_held(self, name: str) -> bool:
        """Tell whether anybody else holds a name, alone or shared."""
        return bool(struct.unpack(_FLOCK, self._set(fcntl.F_OFD_GETLK, fcntl.F_WRLCK, name))[0] != fcntl.F_UNLCK)

    def leave(self, name: str) -> None:
        """Let the next one have a name."""
        self._set(fcntl.F_OFD_SETLK, fcntl.F_UNLCK, name)

    def _set(self, command: int, kind: int, name: str) -> bytes:
        return fcntl.fcntl(self._descriptor, command, struct.pack(_FLOCK, kind, os.SEEK_SET, _byte(name), 1, 0))


@contextmanager
def turns(path: Path) -> Iterator[Turns]:
    """Open the file of the turns for one change; what is held is given up at the end. Raises FileUnavailable."""
    with faults(path):
        descriptor = _opened(path)
    try:
        yield Turns(descriptor)
    finally:
        os.close(descriptor)


def _opened(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
    except FileNotFoundError:
        make_directory(path.parent)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o640)


def _byte(name: str) -> int:
    """Choose the byte of a name: 62 bits, so that two names never meet and the offset is a positive one."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest()) >> 2
