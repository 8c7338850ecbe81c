"""Bring what is kept for the database into it where no file takes part: under `db-only`, for a request that began under
the profile before may have kept a change behind the switch."""

from collections.abc import Sequence
from pathlib import Path

from service.conflicts import Difference
from service.deltas import Delta
from service.messages import Correspondence
from service.storage.base import Snapshot
from service.storage.guard import GuardedDatabase
from service.storage.pending import Pending
from service.sync.conflict_log import ConflictLog
from service.sync.kept import Kept


def catch_up(database: GuardedDatabase, state_dir: Path, deposition_data_set_id: str) -> None:
    """Bring the changes that wait for one deposition in, and keep them on for its files; those are for the next sync.

    Raises DatabaseUnavailable, DatabaseNotReady and DatabaseRefused.
    """
    pending, log = Pending(state_dir), ConflictLog(state_dir)
    waiting: dict[Path, Delta] = {}

    def decide(now: Snapshot) -> tuple[Correspondence, Sequence[Difference]]:
        waiting.clear()
        waiting.update(pending.of(deposition_data_set_id))  # under the lock: another process may have been quicker
        kept = Kept(tuple(waiting.values()))
        new, replaced = kept.over_database(now, now.correspondence)
        conflicts = tuple(dict.fromkeys((*replaced, *kept.overtaken(new))))
        log.add(deposition_data_set_id, conflicts)
        return new, conflicts

    if pending.is_any(deposition_data_set_id):
        database.bring(deposition_data_set_id, {}, decide)
        pending.keep_on(waiting)
