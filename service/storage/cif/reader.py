"""Read files strictly, and an unchanged one only once in a process: what was read is kept by signature, bounded in bytes."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from service.bounded import Bounded
from service.errors import DamagedFile, FileUnavailable
from service.messages import Section
from service.storage.base import YOUNG, same_signature
from service.storage.cif import files, rows, signature
from service.storage.cif.document import DamagedCif, Layout, Tokens, is_blank
from service.storage.cif.lock import lock_of
from service.storage.cif.owner import is_foreign
from service.storage.cif.scanner import scan
from service.storage.durable import faults

#: Seconds for which a file that another program may be writing in place must have stayed as it is to be believed, and in
#: which it is waited for altogether.
_STILL, _LONGEST, _PAUSE = 0.3, 3.0, 0.03
#: Bytes of files whose content is kept.
CAPACITY = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Held:
    """What is known of one file: its signature, where everything stands in it, and its rows once they were asked for."""

    content_type: str
    signature: str
    size: int
    layout: Layout
    section: Section | None = None


class Reader:
    """Give the content of a file; stateless but for what it remembers, and usable from any thread."""

    def __init__(self) -> None:
        self._held: Bounded[Path, Held] = Bounded(CAPACITY, lambda _, held: held.size)

    def read(self, path: Path, content_type: str) -> tuple[Section, str]:
        """Give the rows and the signature of a file. Raises DamagedFile and FileUnavailable."""
        known = self.recall(path)
        if known is not None and known.section is not None:
            return known.section, known.signature
        collected: dict[str, Tokens] = {}
        data, held = self.open(path, content_type, collected=collected)
        return self.section(path, data, held, collected), held.signature

    def is_known(self, path: Path) -> bool:
        """Tell whether a file was opened before."""
        return self._held.get(path) is not None

    def recall(self, path: Path) -> Held | None:
        """Give what is known of a file whose `stat` shows that it is as it was; opens nothing."""
        known = self._held.get(path)
        if known is None or known.signature.endswith(YOUNG):
            return None
        with faults(path):
            return known if signature.fits(known.signature, path) else None

    def open(
        self, path: Path, content_type: str, *, ours: bool = False, collected: dict[str, Tokens] | None = None
    ) -> tuple[bytes, Held]:
        """Read a file with its bytes, scanned whole unless it is as it was; `ours` says that we hold its lock.

        While another program may be writing it in place it is read again until it stays as it is (DESIGN.md section 6).
        Raises DamagedFile and FileUnavailable.
        """
        begun = still = time.monotonic()
        before, taken = None, None
        while True:
            with faults(path):
                found = files.read(path)
            now = time.monotonic()
            if found is None or found[1] != before:
                still, before = now, found and found[1]
                taken = found and self._scanned(path, content_type, found, collected)
            if found and taken and (now - still > _STILL or not _in_motion(path, found, taken, ours=ours)):
                return found[0], self._believed(path, taken)
            if now - begun > _LONGEST:
                raise FileUnavailable(f"{path}: another program keeps writing it; try again shortly", path=str(path))
            time.sleep(_PAUSE)

    def section(
        self, path: Path, data: bytes, held: Held, collected: Mapping[str, Tokens] = MappingProxyType({})
    ) -> Section:
        """Give the rows of an opened file, read from its bytes where they are not known yet."""
        if held.section is not None:
            return held.section
        section = rows.section_of(data, held.layout, held.content_type, collected)
        self.keep(path, replace(held, section=section))
        return section

    def keep(self, path: Path, held: Held) -> None:
        """Remember a content; those not asked for longest are forgotten beyond the capacity."""
        self._held.keep(path, held)

    def _scanned(
        self, path: Path, content_type: str, found: tuple[bytes, str], collected: dict[str, Tokens] | None
    ) -> Held | DamagedCif:
        """Scan a content, unless it is known; what is wrong with it may be so for a moment only."""
        data, signed = found
        known = self._held.get(path)
        if known is not None and same_signature(known.signature, signed):
            return replace(known, signature=signed)
        try:
            return Held(content_type, signed, len(data), scan(data, collected))
        except DamagedCif as error:
            return error

    def _believed(self, path: Path, taken: Held | DamagedCif) -> Held:
        """Remember a content that is the file's for good."""
        if isinstance(taken, DamagedCif):
            raise _damaged(path, taken) from taken
        self.keep(path, taken)
        return taken


def _in_motion(path: Path, found: tuple[bytes, str], taken: Held | DamagedCif, *, ours: bool) -> bool:
    """Tell whether another program may be writing a file in place now.

    A legacy program does so under its lock; one that takes no lock shows by a young file that is empty or damaged.
    """
    if not found[1].endswith(YOUNG):
        return False
    if isinstance(taken, DamagedCif) or is_blank(found[0]):
        return True
    with faults(path):
        return not ours and is_foreign(lock_of(path))


def _damaged(path: Path, error: DamagedCif) -> DamagedFile:
    newest = Path(files.snapshots(path)[0])
    source = f"{newest.name} or a backup" if newest.exists() else "a backup"
    return DamagedFile(
        f"{path} is damaged: {error}; nothing is written to it. Restore it from {source}",
        path=str(path),
    )
