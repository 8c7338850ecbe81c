"""Depositions that nothing has touched for longer than a tick of the clock, known again by `stat` alone.

What appears in a directory, goes or is replaced by rename changes the time of the directory, which no program can set back;
what a legacy program writes in place changes that of the file. So neither is looked into while the times stand.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from service.bounded import Bounded
from service.storage.base import ABSENT, YOUNG, Snapshot
from service.storage.cif import signature
from service.storage.cif.reader import CAPACITY


@dataclass(frozen=True, slots=True)
class Look:
    """What a directory was like when it was looked at."""

    directory: Path
    inode: int
    changed: int


@dataclass(frozen=True, slots=True)
class _Seen:
    look: Look
    files: tuple[tuple[Path, str], ...]
    snapshot: Snapshot


class Settled:
    """Keep what whole depositions held, as long as nothing happens to them."""

    def __init__(self) -> None:
        self._seen: Bounded[str, _Seen] = Bounded(CAPACITY, _size)

    def get(self, deposition_data_set_id: str) -> Snapshot | None:
        """Give what a deposition holds if it was read before and not touched since."""
        seen = self._seen.get(deposition_data_set_id)
        return seen.snapshot if seen is not None and _is_untouched(seen) else None

    def look(self, directory: Path) -> Look | None:
        """Look at a directory before its files are read; gives nothing where its time would not tell of another change."""
        try:
            stat = directory.stat()
        except OSError:  # whoever opens the files says what is wrong with them
            return None
        return None if signature.is_young(stat.st_ctime_ns) else Look(directory, stat.st_ino, stat.st_ctime_ns)

    def keep(self, look: Look, paths: Mapping[str, Path], snapshot: Snapshot) -> None:
        """Keep what was read since that look, unless the time of a file would not tell of another change."""
        signed = [(path, str(snapshot.signatures[content_type])) for content_type, path in paths.items()]
        if not any(text.endswith(YOUNG) for _, text in signed):
            present = tuple((path, text) for path, text in signed if text != ABSENT)
            self._seen.keep(snapshot.correspondence.deposition_data_set_id, _Seen(look, present, snapshot))


def _is_untouched(seen: _Seen) -> bool:
    try:
        stat = os.stat(seen.look.directory)  # noqa: PTH116 - asked for every answer
        is_same = (stat.st_ino, stat.st_ctime_ns) == (seen.look.inode, seen.look.changed)
        return is_same and all(signature.fits(signed, path) for path, signed in seen.files)
    except OSError:  # as above
        return False


def _size(_: str, seen: _Seen) -> int:
    return sum(int(signed.partition("-")[0]) for _, signed in seen.files)
