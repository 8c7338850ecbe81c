"""Signatures: what tells one content of a file from another without reading it (DESIGN.md section 5)."""

import os
import time
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from service.bounded import Bounded
from service.storage.base import ABSENT, YOUNG, same_signature

#: Nanoseconds within which a file system may give two contents the same time (the coarsest known keeps two seconds).
GRANULARITY = 2_000_000_000
#: How many files are remembered as found to be as they were recorded while young.
_MOST = 100_000


def of(pieces: Iterable[bytes | memoryview], stat: os.stat_result, checksum: int | None = None) -> str:
    """Sign a content by its size, time, inode and checksum, marked when it is too young for its `stat` to be conclusive.

    The checksum only has to tell apart two contents of one size written within one tick of the clock. The time of the last
    status change is left out: a backup that links the files or a change of mode would make all of them look written, and
    a program that gives a file its old size and time back to the nanosecond is found by `verify`, which compares content.
    """
    known = _checksum(pieces) if checksum is None else checksum
    return f"{_stat_text(stat)}-{known:08x}{YOUNG if is_young(stat.st_mtime_ns) else ''}"


def spliced(signed: str, data: bytes, pieces: Sequence[bytes | memoryview]) -> int | None:
    """Give the checksum of a new content from the signature of the old one, whose beginning is the first of its pieces.

    The beginning, most of a long file, is not gone through again: a CRC is linear, so what it adds is the old checksum less
    that of the old rest, carried on over as many zeros as the file grows. Gives nothing where that is not possible.
    """
    growth = sum(map(len, pieces)) - len(data)
    begins_alike = isinstance(pieces[0], memoryview) and pieces[0].obj is data
    if signed == ABSENT or growth < 0 or not begins_alike:
        return None
    zeros, beginning = bytes(growth), int(signed.rstrip(YOUNG)[-8:], 16) ^ zlib.crc32(memoryview(data)[len(pieces[0]) :])
    return zlib.crc32(zeros, beginning) ^ zlib.crc32(zeros) ^ _checksum(pieces[1:])


def _checksum(pieces: Iterable[bytes | memoryview]) -> int:
    checksum = 0
    for piece in pieces:
        checksum = zlib.crc32(piece, checksum)
    return checksum


def fits(signed: str, path: Path) -> bool:
    """Tell whether a signature may be that of a file, as far as its `stat` says. Raises OSError but for a missing file."""
    try:
        return signed.startswith(f"{_stat_text(os.stat(path))}-")  # noqa: PTH116 - asked for every file of every answer
    except FileNotFoundError:
        return signed == ABSENT and not path.is_symlink()


def is_young(changed: int) -> bool:
    """Tell whether what changed at a time, in nanoseconds, may change again without a change of that time."""
    return time.time_ns() - changed < GRANULARITY


class Comparer:
    """Compare files with recorded signatures; reads a file once after it was recorded young, never again after that."""

    def __init__(self) -> None:
        self._conclusive: Bounded[str, str] = Bounded(_MOST, lambda *_: 1)

    def matches(self, path: Path, recorded: str | None) -> bool:
        """Tell whether a file is as recorded. Raises OSError where it cannot be read."""
        if recorded is None:
            return False
        if not fits(recorded, path):
            return False
        if not recorded.endswith(YOUNG) or self._conclusive.get(str(path)) == recorded:
            return True
        return self._same_content(path, recorded)

    def _same_content(self, path: Path, recorded: str) -> bool:
        with path.open("rb") as file:
            stat = os.fstat(file.fileno())
            found = of([file.read()], stat)
        same = same_signature(found, recorded)
        if same and not found.endswith(YOUNG):
            self._conclusive.keep(str(path), recorded)
        return same


def _stat_text(stat: os.stat_result) -> str:
    return f"{stat.st_size}-{stat.st_mtime_ns}-{stat.st_ino}"
