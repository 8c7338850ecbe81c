"""Locks of other programs, noted in `state_dir` by a writer that waited in vain and by the walk of `reconcile --all`.

Whoever asks for them looks at these, and does not walk the archive.
"""

import hashlib
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from service.storage.durable import faults, make_directory, names, write_new


@dataclass(frozen=True, slots=True)
class StuckLock:
    """A lock that is still there, and how many seconds old it is."""

    path: Path
    age: float


class StuckLocks:
    """Remember such locks until they are gone."""

    def __init__(self, state_dir: Path) -> None:
        self._root = state_dir / "stuck-locks"

    def note(self, lock: Path) -> None:
        """Remember a lock."""
        note = self._root / hashlib.sha256(bytes(lock)).hexdigest()[:32]
        with faults(note):
            make_directory(self._root)
            write_new(note, bytes(lock), durable=False)

    def all(self) -> tuple[StuckLock, ...]:
        """List those that are still there, the oldest first; forget the others. Raises FileUnavailable.

        One that cannot be seen now, as its mount is away, is remembered and not listed.
        """
        found = []
        for note in (self._root / name for name in names(self._root)):
            with faults(note), suppress(FileNotFoundError):
                lock = Path(os.fsdecode(note.read_bytes()))
                try:
                    found.append(StuckLock(lock, max(0.0, time.time() - lock.stat().st_mtime)))
                except FileNotFoundError:
                    note.unlink(missing_ok=True)
                except OSError:
                    continue
        return tuple(sorted(found, key=lambda stuck: -stuck.age))
