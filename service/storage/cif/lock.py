"""The lock that legacy programs and ours share: `<file>.lock`, created exclusively (DESIGN.md section 6)."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import SoftFileLock, Timeout

from service.errors import FileUnavailable
from service.storage.base import Observer

#: Seconds between two tries; the legacy programs try every 0.2 s.
POLL = 0.01


@contextmanager
def locked(path: Path, timeout: float, observer: Observer) -> Iterator[None]:
    """Hold the lock of a file for the whole of a change.

    Raises FileUnavailable after `timeout` seconds, naming the lock and its age; a foreign lock is never broken.
    """
    lock = SoftFileLock(f"{path}.lock", timeout=timeout, poll_interval=POLL, thread_local=False)
    begun = time.monotonic()
    try:
        lock.acquire()
    except Timeout as error:
        raise FileUnavailable(_held(path, timeout), path=str(path), lock=lock.lock_file) from error
    except OSError as error:
        raise FileUnavailable(f"{path}: cannot be locked: {error.strerror}", path=str(path)) from error
    finally:
        observer.lock_waited(time.monotonic() - begun)
    try:
        yield
    finally:
        lock.release()


def _held(path: Path, timeout: float) -> str:
    try:
        age = f"{time.time() - Path(f'{path}.lock').stat().st_mtime:.0f} s old"
    except FileNotFoundError:
        age = "gone by now"
    return (
        f"{path}: the lock {path}.lock is held by another program ({age}) and was waited for {timeout:g} s; "
        "if no program uses it any more, remove it"
    )
