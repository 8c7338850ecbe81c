"""Verify: look at every field of every row of depositions in both stores, and say what differs. It only looks.

A deposition that is written while it is looked at differs for a moment. So one that differs is looked at again, and
counts only when it stood still meanwhile.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from service.errors import DatabaseNotReady, DatabaseUnavailable, MessagingError, NotFound
from service.storage.base import Snapshot, same_signature
from service.storage.cif.store import CifStore
from service.storage.guard import GuardedDatabase
from service.storage.markers import Markers
from service.storage.pending import Pending
from service.sync.comparison import RowDifference, differences
from service.sync.kept import Kept
from service.sync.restore import no_files
from service.vocabulary import CONTENT_TYPES

#: Seconds that a deposition must have stood still to be called differing, and how often one that moves is looked at.
_STILL, _LOOKS = 1.0, 10

Stamp = tuple[object, ...]


class Outcome(StrEnum):
    """What became of one deposition."""

    EQUAL = "equal"
    DIFFERING = "differing"
    MISSING_IN_FILES = "missing in files"
    MISSING_IN_DATABASE = "missing in database"
    UNKNOWN = "unknown to both"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a look at one deposition found.

    `rows` holds the rows that differ, `unsettled` what else keeps the stores from being known as equal, `beyond` what a file
    holds that no row carries (which is no difference), `stamp` what changes with every write.
    """

    deposition_data_set_id: str
    outcome: Outcome
    rows: tuple[RowDifference, ...] = ()
    unsettled: tuple[str, ...] = ()
    beyond: tuple[str, ...] = ()
    error: str | None = None
    stamp: Stamp = ()


class Verifier:
    """Look at depositions in both stores."""

    def __init__(self, cif: CifStore, database: GuardedDatabase, state_dir: Path) -> None:
        self._cif = cif
        self._database = database
        self._pending = Pending(state_dir)
        self._markers = Markers(state_dir)

    def everything(self) -> list[str]:
        """List the depositions that either side has. Raises StoreUnavailable."""
        return sorted({*self._cif.site.depositions(), *self._database.recorded()})

    def run(self, depositions: Iterable[str]) -> Iterator[Finding]:
        """Give one finding for each deposition; those that differ come last, after further looks.

        Raises DatabaseUnavailable and DatabaseNotReady: without a database nothing is compared.
        """
        doubted: dict[str, Stamp] = {}
        begun = time.monotonic()
        for deposition_data_set_id in depositions:
            finding = self.look(deposition_data_set_id)
            if finding.outcome is Outcome.EQUAL:
                yield finding
            else:
                doubted[deposition_data_set_id] = finding.stamp
        for last in (*(False,) * (_LOOKS - 1), True):
            if not doubted:
                return
            time.sleep(max(0.0, begun + _STILL - time.monotonic()))
            begun, before, doubted = time.monotonic(), doubted, {}
            for deposition_data_set_id, stamp in before.items():
                finding = self.look(deposition_data_set_id)
                if last or finding.outcome is Outcome.EQUAL or finding.stamp == stamp:
                    yield finding
                else:
                    doubted[deposition_data_set_id] = finding.stamp

    def look(self, deposition_data_set_id: str) -> Finding:
        """Compare one deposition as it is now."""
        try:
            return self._compared(deposition_data_set_id)
        except (DatabaseUnavailable, DatabaseNotReady):
            raise
        except MessagingError as error:
            return Finding(deposition_data_set_id, Outcome.UNREADABLE, error=error.message, stamp=(error.message,))

    def _compared(self, deposition_data_set_id: str) -> Finding:
        found = self._found(deposition_data_set_id)
        beyond = self._beyond(deposition_data_set_id) if found else ()
        known = self._database.snapshot(deposition_data_set_id)
        if found is None or known is None:
            stamp: Stamp = (found and tuple(found.signatures.values()), known and known.version)
            return Finding(deposition_data_set_id, self._absent(found, known), beyond=beyond, stamp=stamp)
        rows = differences(found.correspondence, known.correspondence)
        unsettled = tuple(self._unsettled(found, known))
        outcome = Outcome.DIFFERING if rows or unsettled else Outcome.EQUAL
        stamp = (
            known.version,
            *(signatures[c] for c in CONTENT_TYPES for signatures in (found.signatures, known.signatures)),
        )
        return Finding(deposition_data_set_id, outcome, rows, unsettled, beyond, stamp=stamp)

    def _found(self, deposition_data_set_id: str) -> Snapshot | None:
        try:
            return self._cif.snapshot(deposition_data_set_id)
        except NotFound:
            return None

    def _beyond(self, deposition_data_set_id: str) -> tuple[str, ...]:
        return tuple(
            f"{content_type}: {what}"
            for content_type, found in self._cif.beyond(deposition_data_set_id).items()
            for what in found
        )

    def _absent(self, found: Snapshot | None, known: Snapshot | None) -> Outcome:
        """Judge what one side does not know; that the files have not even a directory for nothing is no difference."""
        if known is None:
            return Outcome.UNKNOWN if found is None else Outcome.MISSING_IN_DATABASE
        key = known.correspondence.deposition_data_set_id
        lacks = known.correspondence.row_count or any(self._unsettled(no_files(key), known))
        return Outcome.MISSING_IN_FILES if lacks else Outcome.EQUAL

    def _unsettled(self, found: Snapshot, known: Snapshot) -> Iterator[str]:
        """Say what keeps the stores from being known as equal, though their rows be.

        Changes that crossed leave a signature unknown, and copies of what stands in both: the next access tidies that up.
        """
        key, rows = known.correspondence.deposition_data_set_id, known.correspondence
        for c in CONTENT_TYPES:
            recorded = known.signatures.get(c)
            if recorded is not None and not same_signature(found.signatures[c], recorded):
                yield f"the {c} file is not the one that the database recorded"
        if known.cif_behind or self._markers.has(key):
            yield "the files are marked as behind"
        if Kept.of(self._pending, key).over(rows) != rows:
            yield "changes are kept that the database lacks"
