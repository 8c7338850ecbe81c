"""Repair without being asked: find the depositions whose stores may differ, and sync each (DESIGN.md section 5)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from service.errors import DatabaseNotReady, DatabaseUnavailable, FileUnavailable, MessagingError, NotFound
from service.storage.base import Signatures
from service.storage.cif.store import CifStore
from service.storage.guard import GuardedDatabase
from service.storage.markers import Markers
from service.storage.pending import Pending
from service.sync.sync import Sync


@dataclass(slots=True)
class Repairs:
    """What a walk found and did: depositions that differed, those that are equal now, rows by what became of them."""

    found: int = 0
    repaired: int = 0
    failed: int = 0
    inserted: int = 0
    updated: int = 0
    healed: int = 0
    conflicting: int = 0


class Reconciler:
    """Find what is behind and bring it up; it takes no part in the answer of any request."""

    def __init__(self, cif: CifStore, database: GuardedDatabase, sync: Sync, state_dir: Path) -> None:
        self._cif = cif
        self._database = database
        self._sync = sync
        self._pending = Pending(state_dir)
        self._markers = Markers(state_dir)

    def marked(self) -> list[str]:
        """List the depositions that a store is known to lack something of. Raises DatabaseUnavailable."""
        return sorted({*self._database.behind(), *self._markers.depositions(), *self._pending.depositions()})

    def changed(self) -> Iterator[str]:
        """Walk both sides for depositions whose files are not as recorded, by `stat` alone."""
        recorded = self._database.recorded()
        for deposition_data_set_id in sorted({*self._cif.site.depositions(), *recorded}):
            if not self._matches(deposition_data_set_id, recorded.get(deposition_data_set_id, {})):
                yield deposition_data_set_id

    def _matches(self, deposition_data_set_id: str, recorded: Signatures) -> bool:
        """Tell whether files are as recorded; of those that cannot be looked at, the sync of that deposition says why."""
        try:
            return self._cif.matches(deposition_data_set_id, recorded)
        except FileUnavailable:
            return False

    def behind(self) -> Iterator[str]:
        """List everything that may differ, each deposition once."""
        marked = sorted({*self.marked(), *self._pending.begun()})
        yield from marked
        known = set(marked)
        yield from (found for found in self.changed() if found not in known)

    def repair(self, depositions: Iterable[str], complain: Callable[[str, MessagingError], None]) -> Repairs:
        """Sync each deposition; one that cannot be repaired is told and counted, and the others go on.

        Raises DatabaseUnavailable and DatabaseNotReady, for then none can be.
        """
        done = Repairs()
        for deposition_data_set_id in depositions:
            done.found += 1
            was_marked = self._markers.has(deposition_data_set_id)
            try:
                self._repair(deposition_data_set_id, done)
            except (DatabaseUnavailable, DatabaseNotReady):
                raise
            except MessagingError as error:
                if isinstance(error, NotFound) and was_marked:  # the mark was all there was, and the sync took it away
                    done.repaired += 1
                    continue
                done.failed += 1
                complain(deposition_data_set_id, error)
        return done

    def _repair(self, deposition_data_set_id: str, done: Repairs) -> None:
        report = self._sync.run(deposition_data_set_id, "reconcile")
        done.inserted += report.database.added
        done.updated += report.database.updated
        done.healed += report.healed
        done.conflicting += report.conflicts
        report.require_files()
        done.repaired += 1
