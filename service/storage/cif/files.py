"""Read a file whole, replace it whole: never a half, never in place (promise P1)."""

import errno
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from service.storage.base import ABSENT
from service.storage.cif import signature
from service.storage.durable import sync_path, write_new

_SNAPSHOTS = 5


def read(path: Path) -> tuple[bytes, str] | None:
    """Read a file and its signature; a missing file is no bytes and the signature `absent`.

    Gives nothing where the file changed meanwhile, for legacy programs write in place. Raises OSError.
    """
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - every change of a small file pays for pathlib's detour
            before = os.fstat(file.fileno())
            data = file.read()
            after = os.fstat(file.fileno())
    except FileNotFoundError:
        if path.is_symlink():
            raise  # what it means is not there now, as where its mount is missing
        return b"", ABSENT
    if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
        return None
    return data, signature.of([data], after)


def replace(path: Path, pieces: Sequence[bytes | memoryview], *, checksum: int | None = None, snapshot: bool = False) -> str:
    """Replace a file by rename, durably: content, then name. Give the new signature; on OSError the old file is whole.

    The checksum of the content is found where it is not known, the old content kept as a snapshot where that is wanted. The
    caller holds the file's lock, so one temporary name serves all, and what a crash leaves is gone with the next change.
    """
    target, old = _target(path)
    temporary = target.with_name(f".{target.name}.tmp")
    try:
        with open(temporary, "wb", buffering=0) as file:  # noqa: PTH123 - as above
            if old is not None:
                _take_owner_and_mode(file.fileno(), old)
            _write(file.fileno(), pieces)
            os.fsync(file.fileno())
            signed = signature.of(pieces, os.fstat(file.fileno()), checksum)
        if snapshot and old is not None:
            _keep_snapshot(path, target, old)
        os.replace(temporary, target)  # noqa: PTH105 - as above
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_path(target.parent)
    return signed


def _target(path: Path) -> tuple[Path, os.stat_result | None]:
    """Give the file that a path means, where it is a link, and what `stat` says of it; nothing for a new one."""
    try:
        found = os.lstat(path)
        if not stat.S_ISLNK(found.st_mode):
            return path, found
        return Path(os.path.realpath(path)), path.stat()
    except FileNotFoundError:
        return Path(os.path.realpath(path)), None


def snapshots(path: Path) -> list[str]:
    """Name where the older contents of a file are kept, the newest first (reference section 6)."""
    return [f"{path}.PREV{n}" for n in range(_SNAPSHOTS)]


def _write(descriptor: int, pieces: Sequence[bytes | memoryview]) -> None:
    """Write all pieces, of which there are few, in as few calls as the system allows."""
    left = [memoryview(piece) for piece in pieces if len(piece)]
    while left:
        written = os.writev(descriptor, left)
        while left and written >= len(left[0]):
            written -= len(left.pop(0))
        if left:
            left[0] = left[0][written:]


def _keep_snapshot(path: Path, target: Path, old: os.stat_result) -> None:
    """Move `PREV0` to `PREV1` and so on, and keep the present content as `PREV0` (reference section 6).

    A link costs nothing and holds the old content, because the file is replaced by rename. Where the path itself means a
    file of another file system there can be none, and the content is copied.
    """
    names = snapshots(path)
    with suppress(FileNotFoundError):
        if os.path.samestat(os.stat(names[0]), old):  # noqa: PTH116 - as above
            return  # a change that came this far and no further
    for newer, older in reversed(list(pairwise(names))):
        with suppress(FileNotFoundError):  # not as many changes yet
            os.rename(newer, older)  # noqa: PTH104
    try:
        os.link(target, names[0])
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        write_new(Path(names[0]), target.read_bytes(), stat.S_IMODE(old.st_mode))


def _take_owner_and_mode(descriptor: int, old: os.stat_result) -> None:
    """Give the new file the group and mode of the old one, so that the legacy programs may go on writing it.

    Its user too where we may: a file that the group may write does not become ours alone by being replaced. A group that is
    not ours to give is let go where its members may do nothing that others may not; else the file is not replaced.
    """
    new = os.fstat(descriptor)
    if new.st_gid != old.st_gid:
        try:
            os.fchown(descriptor, -1, old.st_gid)
        except PermissionError:
            if old.st_mode >> 3 & ~old.st_mode & 0o7:
                raise
    if new.st_uid != old.st_uid and os.geteuid() == 0:
        os.fchown(descriptor, old.st_uid, -1)
    if new.st_mode != old.st_mode:
        os.fchmod(descriptor, old.st_mode & 0o7777)
