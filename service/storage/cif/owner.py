"""Who holds a lock of ours, as the lock itself says: nobody takes it from a living one, nobody waits for a dead one.

Each thread has a file in `state_dir` that says so, and a lock is one more name of it. A lock that were a new file each time
would make every change slow: a file system looks long for room for one where many were removed a moment ago. A file that
lasts is on the disk as well, so that a lock still names its owner after a power cut. Only where the state directory is on
another file system is each lock a file of its own.
"""

import errno
import os
import socket
import threading
import time
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from service.processes import boot, ticks
from service.storage.durable import DAY, faults, make_directory, names, sweep, write_new

_MARK = "messaging"


class Owners:
    """The files that name the owners of locks, one for each thread that takes any."""

    def __init__(self, state_dir: Path) -> None:
        self._root = state_dir / "owners"

    def take(self, lock: Path) -> bool:
        """Make a lock appear with its owner in it, at once or not at all; tell whether it was free. Raises OSError."""
        try:
            os.link(self._own(), lock)
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno not in {errno.EXDEV, errno.ENOENT}:  # another file system, or swept since
                raise
            return _made(lock)
        return True

    def _own(self) -> str:
        """Give the file of this thread, as old as its last lock. Raises FileUnavailable.

        A new one where it is a lock still, whose age it tells, or does not say any more what it should.
        """
        own = f"{self._root}/{_identity(os.getpid()).replace(' ', '.')}.{threading.get_ident()}"
        with faults(self._root):
            with suppress(FileNotFoundError):
                found = os.stat(own)  # noqa: PTH116 - asked for every change
                if found.st_nlink == 1 and found.st_size == len(_line()):
                    os.utime(own)
                    return own
            make_directory(self._root)
            write_new(Path(own), _line(), mode=0o644)  # any other program may look whose a lock is
        return own

    def sweep(self) -> None:
        """Remove the files of processes that are gone, those of other hosts once nobody used them for a day.

        Raises FileUnavailable.
        """
        sweep(self._root)
        for path in (self._root / name for name in names(self._root)):
            with faults(path), suppress(FileNotFoundError):  # another process was quicker
                if is_dead(path) or time.time() - path.stat().st_mtime > DAY:
                    path.unlink()


def is_foreign(lock: Path) -> bool:
    """Tell whether a lock is there that is not one of ours: a legacy program may be writing the file in place."""
    try:
        return not lock.read_bytes().startswith(_MARK.encode())
    except FileNotFoundError:
        return False
    except PermissionError:
        return True


def is_dead(lock: Path) -> bool:
    """Tell whether a lock is of a process of ours on this host that is gone; one that we may not read is not ours."""
    try:
        mark, host, pid, began, booted = lock.read_text(encoding="utf-8", errors="replace").split()
        number = int(pid)
    except (FileNotFoundError, PermissionError, ValueError):
        return False
    lives = booted == boot() and began == str(ticks(number))
    return mark == _MARK and host == socket.gethostname() and not lives


def _made(lock: Path) -> bool:
    private = lock.with_name(f".{lock.name}.{socket.gethostname()}.{os.getpid()}.{threading.get_ident()}")
    try:
        private.write_bytes(_line())
        os.link(private, lock)
    except FileExistsError:
        return False
    finally:
        private.unlink(missing_ok=True)
    return True


def _line() -> bytes:
    return f"{_MARK} {_identity(os.getpid())}\n".encode()


@lru_cache(maxsize=1)
def _identity(pid: int) -> str:
    """Name this process as no other is named: its host, its number, when it began, and after which boot."""
    return f"{socket.gethostname()} {pid} {ticks(pid)} {boot()}"
