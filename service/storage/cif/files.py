"""Read a file whole, replace it whole: never a half, never in place (promise P1)."""

import os
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from service.storage.cif import signature
from service.storage.durable import sync_directory

_SNAPSHOTS = 5
_READ_TRIES = 5


def read(path: Path) -> tuple[bytes, str]:
    """Read a file and its signature; a missing file is no bytes and the signature `absent`.

    Reads again when the file changed meanwhile, for legacy programs write in place. Raises OSError.
    """
    for _ in range(_READ_TRIES):
        try:
            with path.open("rb") as file:
                before = os.fstat(file.fileno())
                data = file.read()
                after = os.fstat(file.fileno())
        except FileNotFoundError:
            return b"", signature.ABSENT
        if (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size):
            return data, signature.of([data], after)
    raise BlockingIOError(f"{path} keeps changing while it is read")


def replace(path: Path, pieces: Sequence[bytes | memoryview]) -> str:
    """Replace a file by rename, durably: content, then name. Give the new signature; on OSError the old file is whole.

    The caller holds the file's lock, so one temporary name serves all and none is left behind by a crash for long.
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
        temporary.replace(target)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(target.parent)
    return signed


def keep_snapshot(path: Path) -> None:
    """Move `PREV0` to `PREV1` and so on, and keep the present content as `PREV0` (reference section 6).

    A link costs nothing and holds the old content, because the file is replaced by rename.
    """
    names = [f"{path}.PREV{n}" for n in range(_SNAPSHOTS)]
    for newer, older in reversed(list(pairwise(names))):
        with suppress(FileNotFoundError):  # not as many changes yet
            Path(newer).rename(older)
    with suppress(FileNotFoundError):  # the first change of a new file
        Path(names[0]).hardlink_to(path)


def in_motion(path: Path, *, ours: bool) -> bool:
    """Tell whether another program may be writing a file in place now; `ours` says that its lock is held by us."""
    try:
        return signature.is_young(path.stat()) or (not ours and path.with_name(f"{path.name}.lock").exists())
    except FileNotFoundError:
        return False


def _take_owner_and_mode(descriptor: int, target: Path) -> None:
    """Give the new file what the old one had, so that the legacy programs may go on writing it."""
    try:
        old = target.stat()
    except FileNotFoundError:
        return
    os.fchmod(descriptor, old.st_mode & 0o7777)
    new = os.fstat(descriptor)
    if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
        os.fchown(descriptor, old.st_uid, old.st_gid)
