"""Import: the sync of one deposition, over many. A deposition succeeds or fails by itself.

Those that the database does not know are inserted as their files hold them, a batch in one transaction; where that is
refused, and where something is recorded or kept already, each is synced by itself.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from service.errors import DamagedFile, DatabaseNotReady, DatabaseRefused, DatabaseUnavailable, MessagingError, NotFound
from service.storage.base import Snapshot
from service.storage.cif.store import CifStore
from service.storage.guard import GuardedDatabase
from service.storage.markers import Markers
from service.storage.pending import Pending
from service.sync.odd import odd
from service.sync.sync import Sync

#: Depositions whose records are asked for at once, and new ones that are inserted in one transaction.
_ASKED, _BATCH = 500, 20


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one deposition: its rows by what was done, those that are odd by name, or the error with its code."""

    deposition_data_set_id: str
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    healed: int = 0
    conflicting: int = 0
    error: str | None = None
    code: str | None = None
    odd: tuple[str, ...] = ()


@dataclass(slots=True)
class Totals:
    """What an import found and did: depositions found, damaged, not found or failed otherwise, and rows by what was done."""

    found: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    healed: int = 0
    conflicting: int = 0
    damaged: int = 0
    not_found: int = 0
    failed: int = 0

    def add(self, one: Imported) -> None:
        self.found += one.code != NotFound.code
        self.inserted += one.inserted
        self.updated += one.updated
        self.unchanged += one.unchanged
        self.healed += one.healed
        self.conflicting += one.conflicting
        self.damaged += one.code == DamagedFile.code
        self.not_found += one.code == NotFound.code
        self.failed += one.code not in {None, DamagedFile.code, NotFound.code}

    @property
    def is_clean(self) -> bool:
        """Tell whether something was found and nothing is left to look at."""
        return self.found > 0 and not (self.damaged or self.conflicting or self.not_found or self.failed)


class Importer:
    """Bring depositions into the database; one whose files are as recorded is known by that and not opened."""

    def __init__(self, cif: CifStore, database: GuardedDatabase, sync: Sync, state_dir: Path) -> None:
        self._cif = cif
        self._database = database
        self._sync = sync
        self._pending = Pending(state_dir)
        self._markers = Markers(state_dir)

    def run(self, depositions: Iterable[str]) -> Iterator[Imported]:
        """Import each deposition, and tell of each. Raises DatabaseUnavailable and DatabaseNotReady, which end it."""
        keys = iter(depositions)
        while asked := list(islice(keys, _ASKED)):
            known = self._database.states(asked)
            settled = {key: key in known and self.is_settled(key, known[key]) for key in asked}
            yield from self._unchanged([key for key, is_settled in settled.items() if is_settled])
            left = (key for key, is_settled in settled.items() if not is_settled)
            while batch := list(islice(left, _BATCH)):
                yield from self._changed(batch, known)

    def is_settled(self, deposition_data_set_id: str, state: Snapshot) -> bool:
        """Tell without opening a file whether there is nothing to do."""
        if state.cif_behind or self._has_kept(deposition_data_set_id):
            return False
        return self._cif.matches(deposition_data_set_id, state.signatures)

    def _has_kept(self, deposition_data_set_id: str) -> bool:
        return self._markers.has(deposition_data_set_id) or self._pending.has(deposition_data_set_id)

    def _unchanged(self, keys: Sequence[str]) -> Iterator[Imported]:
        counts = self._database.row_counts(keys) if keys else {}
        yield from (Imported(key, unchanged=count) for key, count in counts.items())

    def _changed(self, batch: Sequence[str], known: dict[str, Snapshot]) -> Iterator[Imported]:
        new, told = [], []
        for key in batch:
            if key in known or self._has_kept(key):
                told.append(self.synced(key))
                continue
            try:
                new.append(self._cif.snapshot(key))
            except NotFound:
                told.append(self.synced(key))  # a sync says what it is that nobody knows
            except MessagingError as error:
                told.append(failed(key, error))
        yield from told
        yield from self.added(new)

    def added(self, new: Sequence[Snapshot]) -> Iterator[Imported]:
        """Insert a batch of new depositions; each by itself where one cannot be."""
        try:
            if new:
                self._database.add(new)
        except DatabaseRefused:
            yield from (self.synced(snapshot.correspondence.deposition_data_set_id) for snapshot in new)
            return
        if new and self._sync.database_answers:  # it had all, so that another program made these
            self._sync.sighted(new[-1].correspondence.deposition_data_set_id)
        yield from map(inserted, new)

    def synced(self, deposition_data_set_id: str) -> Imported:
        """Sync one deposition by itself."""
        try:
            report = self._sync.run(deposition_data_set_id, "import")
        except (DatabaseUnavailable, DatabaseNotReady):
            raise
        except MessagingError as error:
            return failed(deposition_data_set_id, error)
        rows = report.database
        done = (rows.added, rows.updated, rows.unchanged, report.healed, report.conflicts)
        code = "files_behind" if report.behind else None
        return Imported(deposition_data_set_id, *done, report.behind, code, odd(report.correspondence))


def inserted(new: Snapshot) -> Imported:
    """Say of a new deposition that all of it was inserted."""
    correspondence = new.correspondence
    key, count = correspondence.deposition_data_set_id, correspondence.row_count
    return Imported(key, inserted=count, odd=odd(correspondence))


def failed(deposition_data_set_id: str, error: MessagingError) -> Imported:
    """Say that a deposition could not be imported, and why."""
    return Imported(deposition_data_set_id, error=error.message, code=error.code)
