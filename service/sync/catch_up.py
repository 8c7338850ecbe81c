"""Bring what is kept for the database into it where no file takes part: under `db-only`, for a request that began under
the profile before may have kept a change behind the switch."""

from collections.abc import Sequence
from pathlib import Path

from service.conflicts import Difference
from service.messages import Correspondence
from service.storage.base import Observer, Snapshot
from service.storage.guard import GuardedDatabase
from service.storage.pending import Pending
from service.sync.conflict_log import ConflictLog
from service.sync.kept import Kept


class CatchUp:
    """Bring changes in that wait for the database, and keep them on for the files; those are for the next sync."""

    def __init__(self, database: GuardedDatabase, state_dir: Path, observer: Observer) -> None:
        self._database = database
        self._pending = Pending(state_dir)
        self._log = ConflictLog(state_dir, observer)

    def run(self, deposition_data_set_id: str) -> None:
        """Bring in what waits for one deposition. Raises DatabaseUnavailable, DatabaseNotReady and DatabaseRefused."""
        kept = Kept({})

        def decide(now: Snapshot) -> tuple[Correspondence, Sequence[Difference]]:
            nonlocal kept
            kept = Kept(self._pending.of(deposition_data_set_id))  # under the lock: another process may have been quicker
            new, replaced = kept.over_database(now, now.correspondence)
            conflicts = tuple(dict.fromkeys((*replaced, *kept.overtaken(new))))
            self._log.add(deposition_data_set_id, conflicts)
            return new, conflicts

        if self.waits(deposition_data_set_id):
            self._database.bring(deposition_data_set_id, {}, decide)
            self._pending.keep_on(kept.waiting)

    def waits(self, deposition_data_set_id: str) -> bool:
        """Tell whether anything waits for a deposition."""
        return self._pending.is_any(deposition_data_set_id)
