"""The lock that legacy programs and ours share: `<file>.lock`, created exclusively (DESIGN.md section 6).

Programs that poll for it overtake each other without end. So our own writers queue first, in the order in which the kernel
wakes them, and only the head of the queue polls; what a dead writer held, the kernel gives up.
"""

import socket
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import SoftFileLock, Timeout

from service.errors import FileUnavailable
from service.storage.base import Observer
from service.storage.durable import exclusive

#: Seconds between two tries of the head of the queue; the legacy programs try every 0.2 s.
_POLL = 0.005
#: Queues of one state directory; depositions that share one wait for each other, rarely and shortly.
_QUEUES = 256


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
        queue = self._queues / f"{zlib.crc32(str(path).encode()) % _QUEUES:02x}"
        with exclusive(queue):
            left = (self._timeout if wait is None else min(wait, self._timeout)) - (time.monotonic() - begun)
            lock = self._acquired(path, max(left, 0))
            self._observer.lock_waited(time.monotonic() - begun)
            try:
                yield
            finally:
                lock.release()

    def _acquired(self, path: Path, timeout: float) -> SoftFileLock:
        lock = SoftFileLock(f"{path}.lock", timeout=timeout, poll_interval=_POLL, thread_local=False)
        dead = _is_dead(Path(lock.lock_file))
        try:
            lock.acquire()
        except Timeout as error:
            raise FileUnavailable(_held_by_another(path), path=str(path), lock=lock.lock_file) from error
        except OSError as error:
            raise FileUnavailable(f"{path}: cannot be locked: {error.strerror}", path=str(path)) from error
        if dead:
            self._observer.lock_broken()
        return lock


def _is_dead(lock: Path) -> bool:
    """Tell whether a lock names a process of this host that is gone; the legacy programs leave theirs empty."""
    try:
        pid, host, *_ = lock.read_text(encoding="utf-8", errors="replace").split("\n")
    except (OSError, ValueError):
        return False
    return host == socket.gethostname() and pid.isdigit() and not Path(f"/proc/{pid}").exists()


def _held_by_another(path: Path) -> str:
    try:
        age = f"{time.time() - Path(f'{path}.lock').stat().st_mtime:.0f} s old"
    except FileNotFoundError:
        age = "gone by now"
    return (
        f"{path}: the lock {path}.lock is held by another program ({age}); "
        "if no program uses it any more, remove it; until then nothing is written"
    )
