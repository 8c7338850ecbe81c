"""The lock that legacy programs and ours share: `<file>.lock`, created exclusively (DESIGN.md section 6).

Programs that poll for it overtake each other without end. So our own writers queue first, in the order in which the kernel
wakes them, and only the head of the queue polls; what a dead writer held there, the kernel gives up.

filelock's SoftFileLock creates the file before it says who holds it, so that a process killed in between leaves a lock that
nobody may break; it also breaks foreign locks that say something, and makes missing directories. Ours is linked into place
with its owner in it.
"""

import os
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.errors import FileUnavailable
from service.storage.base import Observer
from service.storage.durable import exclusive, faults

#: Seconds between two tries of the head of the queue; the legacy programs try every 0.2 s.
_POLL = 0.001
#: Queues of one state directory; depositions that share one wait for each other, rarely and shortly.
_QUEUES = 256
_MARK = "messaging"


class Locks:
    """Lock files one change at a time, first come first served among the writers that share a state directory."""

    def __init__(self, state_dir: Path, timeout: float, observer: Observer) -> None:
        self._queues = state_dir / "queues"
        self._timeout = timeout
        self._observer = observer

    @contextmanager
    def held(self, path: Path, wait: float | None = None) -> Iterator[None]:
        """Hold the lock of a file for the whole of a change.

        Raises FileUnavailable after `wait` seconds (as set, by default), naming the lock and its age. The lock of a dead
        process of ours on this host is broken and counted, a foreign one never.
        """
        begun = time.monotonic()
        lock = lock_of(path)
        deadline = begun + (self._timeout if wait is None else min(wait, self._timeout))
        with exclusive(self._queues / f"{zlib.crc32(str(path).encode()) % _QUEUES:02x}"):
            self._acquire(path, lock, deadline)
        self._observer.lock_waited(time.monotonic() - begun)
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)

    def _acquire(self, path: Path, lock: Path, deadline: float) -> None:
        with faults(path):
            while not _created(lock):
                if _is_dead(lock):
                    lock.unlink(missing_ok=True)
                    self._observer.lock_broken()
                elif time.monotonic() > deadline:
                    raise _held_by_another(path, lock)
                else:
                    time.sleep(_POLL)


def lock_of(path: Path) -> Path:
    """Give the lock of a file."""
    return path.with_name(f"{path.name}.lock")


def is_foreign(lock: Path) -> bool:
    """Tell whether a lock is there that is not one of ours: a legacy program may be writing the file in place."""
    try:
        return not lock.read_bytes().startswith(_MARK.encode())
    except FileNotFoundError:
        return False


def _created(lock: Path) -> bool:
    """Make the lock appear with its owner in it, at once or not at all. Raises OSError but for one that is there."""
    private = lock.with_name(f".{lock.name}.{socket.gethostname()}.{os.getpid()}.{threading.get_ident()}")
    pid = os.getpid()
    try:
        private.write_text(f"{_MARK} {socket.gethostname()} {pid} {_started(pid)}\n", encoding="utf-8")
        lock.hardlink_to(private)
    except FileExistsError:
        return False
    finally:
        private.unlink(missing_ok=True)
    return True


def _is_dead(lock: Path) -> bool:
    """Tell whether a lock is of a process of ours on this host that is gone."""
    try:
        mark, host, pid, started = lock.read_text(encoding="utf-8", errors="replace").split()
    except (FileNotFoundError, ValueError):
        return False
    return mark == _MARK and host == socket.gethostname() and _started(int(pid)) != started


def _started(pid: int) -> str | None:
    """Give when a process began, in ticks since boot, which tells it from a later one of the same number."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):  # gone, or going while it is looked at
        return None
    return stat.rpartition(")")[2].split()[19]


def _held_by_another(path: Path, lock: Path) -> FileUnavailable:
    try:
        age = f"{time.time() - lock.stat().st_mtime:.0f} s old"
    except FileNotFoundError:
        age = "gone by now"
    return FileUnavailable(
        f"{path}: the lock {lock} is held by another program ({age}); "
        "if no program uses it any more, remove it; until then nothing is written",
        path=str(path),
        lock=str(lock),
    )
