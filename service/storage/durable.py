"""Small files that must survive a crash: written whole, fsynced with their directory, replaced by rename."""

import errno
import fcntl
import os
import stat
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from service.errors import Conflict, FileUnavailable

#: Seconds between two tries for a lock that is not waited for as long as it takes.
_POLL = 0.05

#: Seconds after which what nobody touched is nobody's any more.
DAY = 86400.0


@contextmanager
def faults(path: Path) -> Iterator[None]:
    """Turn an operating system's refusal into FileUnavailable naming the file."""
    try:
        yield
    except OSError as error:
        raise unavailable(path, error) from error


def unavailable(path: Path, error: OSError) -> FileUnavailable:
    """Build the error for a file that the operating system refuses."""
    return FileUnavailable(f"{path}: {error.strerror or error}; check space, permissions and the mount", path=str(path))


def write_new(path: Path, data: bytes, mode: int = 0o640, *, durable: bool = True) -> None:
    """Make a file appear whole, in place of an old one of that name; and last through a power cut. Raises OSError.

    One that root makes is given to whom its directory belongs: a command run by root must not lock the service out.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        with temporary.open("wb") as file:
            os.fchmod(file.fileno(), mode)
            if os.geteuid() == 0:
                owner = path.parent.stat()
                os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        sync_path(path.parent)


@contextmanager
def exclusive(path: Path, wait: float | None = None, busy: str = "") -> Iterator[None]:
    """Hold a lock file of ours until the block is left; a crash gives it up.

    Raises FileUnavailable, and Conflict saying `busy` where another holds it for longer than `wait` seconds.
    """
    with faults(path):
        make_directory(path.parent)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
    try:
        with faults(path):
            is_held = _locked(descriptor, wait)
        if not is_held:
            raise Conflict(busy)
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int, wait: float | None) -> bool:
    """Lock a file; tell whether it could be done within `wait` seconds. Raises OSError."""
    if wait is None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return True
    deadline = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL)
        else:
            return True


def append_line(path: Path, line: bytes, *, durable: bool = True) -> None:
    """Append one line whole, or nothing; lines of several processes do not mix. Raises OSError.

    What a crash cut short stays a line of its own, which is for the reader to know.
    """
    make_directory(path.parent)
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        before = os.fstat(descriptor).st_size
        is_torn = before and os.pread(descriptor, 1, before - 1) != b"\n"
        whole = (b"\n" if is_torn else b"") + line + b"\n"
        if os.write(descriptor, whole) < len(whole):
            os.ftruncate(descriptor, before)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        if durable:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if durable and not before:
        sync_path(path.parent)


def make_directory(path: Path) -> None:
    """Make a directory with all on the way to it, each entry durable. Raises OSError."""
    if path.is_dir():
        return
    make_directory(path.parent)
    path.mkdir(exist_ok=True)
    sync_path(path.parent)


def names(directory: Path) -> list[str]:
    """Name what a directory holds, in order, but for hidden files; nothing where it is not there. Raises FileUnavailable."""
    try:
        found = os.listdir(directory)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise unavailable(directory, error) from error
    return sorted(name for name in found if not name.startswith("."))


def is_directory(path: Path) -> bool:
    """Tell whether a directory is there. Raises FileUnavailable where that cannot be seen."""
    with faults(path), suppress(FileNotFoundError, NotADirectoryError):
        return stat.S_ISDIR(path.stat().st_mode)
    return False


def sweep(directory: Path) -> None:
    """Remove what killed writers left of files that never appeared, once it is a day old. Raises FileUnavailable."""
    with faults(directory), suppress(FileNotFoundError):
        for name in os.listdir(directory):
            path = directory / name
            if name.startswith(".") and name.endswith(".tmp") and time.time() - path.stat().st_mtime > DAY:
                path.unlink(missing_ok=True)


def sync_path(path: Path) -> None:
    """Make durable what a file holds, or the entries of a directory. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
