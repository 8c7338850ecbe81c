"""Read a file whole, replace it whole: never a half, never in place (promise P1)."""

import os
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from service.storage.cif import signature
from service.storage.durable import sync_directory

_SNAPSHOTS = 5


def read(path: Path) -> tuple[bytes, str] | None:
    """Read a file and its signature; a missing file is no bytes and the signature `absent`.

    Gives nothing where the file changed meanwhile, for legacy programs write in place. Raises OSError.
    """
    try:
        with path.open("rb") as file:
            before = os.fstat(file.fileno())
            data = file.read()
            after = os.fstat(file.fileno())
    except FileNotFoundError:
        return b"", signature.ABSENT
    if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
        return None
    return data, signature.of([data], after)


def replace(path: Path, pieces: Sequence[bytes | memoryview], *, snapshot: bool = False) -> str:
    """Replace a file by rename, durably: content, then name. Give the new signature; on OSError the old file is whole.

    The old content is kept as a snapshot where that is wanted. The caller holds the file's lock, so one temporary name
    serves all, and what a crash leaves is gone with the next change.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name}.tmp")
    try:
        with temporary.open("wb") as file:
            _take_owner_and_mode(file.fileno(), target)
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
            signed = signature.of(pieces, os.fstat(file.fileno()))
        if snapshot:
            _keep_snapshot(path, target)
        temporary.replace(target)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(target.parent)
    return signed


def _keep_snapshot(path: Path, target: Path) -> None:
    """Move `PREV0` to `PREV1` and so on, and keep the present content as `PREV0` (reference section 6).

    A link costs nothing and holds the old content, because the file is replaced by rename.
    """
    names = [path.with_name(f"{path.name}.PREV{n}") for n in range(_SNAPSHOTS)]
    if not target.exists() or (names[0].exists() and names[0].samefile(target)):
        return  # the first change of a new file, or one that came this far and no further
    for newer, older in reversed(list(pairwise(names))):
        with suppress(FileNotFoundError):  # not as many changes yet
            newer.rename(older)
    names[0].hardlink_to(target)


def _take_owner_and_mode(descriptor: int, target: Path) -> None:
    """Give the new file the group and mode of the old one, so that the legacy programs may go on writing it.

    Its user too where we may: a file that the group may write does not become ours alone by being replaced.
    """
    try:
        old = target.stat()
    except FileNotFoundError:
        return
    new = os.fstat(descriptor)
    if new.st_gid != old.st_gid:
        os.fchown(descriptor, -1, old.st_gid)
    if new.st_uid != old.st_uid and os.geteuid() == 0:
        os.fchown(descriptor, old.st_uid, -1)
    os.fchmod(descriptor, old.st_mode & 0o7777)
