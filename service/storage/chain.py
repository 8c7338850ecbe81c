"""The stores of a profile behind the interface of one: which of them answers, and what is done while it cannot
(DESIGN.md section 5)."""

from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial
from pathlib import Path

from service.changes import Change
from service.deltas import Delta
from service.errors import FileUnavailable, StoreUnavailable
from service.storage.base import BEHIND, WRITTEN, Answer, Moved, Observer, Outcome, Snapshot, unknown_deposition
from service.storage.cif.store import CifStore
from service.storage.dual import AWAY, Dual
from service.storage.guard import GuardedDatabase
from service.storage.markers import Markers
from service.storage.pending import Pending
from service.sync.catch_up import CatchUp
from service.sync.conflict_log import ConflictLog
from service.sync.kept import steady
from service.sync.restore import restore, still_there

#: Seconds that a reader whose deposition needs a sync waits for a file's lock; it has its answer without the file as well.
READER_WAITS = 0.2


class FilesAnswer(Dual):
    """Both stores written, the files answer: a change that the file cannot take is refused."""

    def apply(self, change: Change) -> Outcome:
        return self.both(change)

    def is_ready(self) -> bool:
        return self.cif.is_ready()

    def read(self, deposition_data_set_id: str) -> Answer:
        """Answer from the files, synced where the database says otherwise; unverified while it is down.

        Raises FileUnavailable where it is not, and they cannot be synced: an old copy would be told as it is.
        """
        try:
            state = self.database.state(deposition_data_set_id)
            if self.is_settled(deposition_data_set_id, state):
                found = self.cif.read(deposition_data_set_id)
                if self.is_settled(deposition_data_set_id, state):  # while it was read, too
                    return found
            return Answer(self.sync.run(deposition_data_set_id, "read", wait=READER_WAITS).correspondence, self.cif.name)
        except AWAY:
            return self.files_alone(deposition_data_set_id)


class DatabaseAnswers(Dual):
    """Both stores written, the database answers; while it is down the files do, where they are known to be current."""

    def apply(self, change: Change) -> Outcome:
        """Write both; where the file cannot be written the database alone, and the files are marked as behind."""
        try:
            return self.both(change)
        except FileUnavailable as unavailable:
            key = change.deposition_data_set_id
            try:
                with self.markers.around(key):
                    outcome = self.database.apply(change, partial(self.pending.is_any, key))
            except Moved:
                raise unavailable from None  # what waits is not in the database: the change would not find it there
        self.observer.write_degraded(self.cif.name)
        return Outcome(outcome.delta, {self.cif.name: BEHIND, self.database.name: WRITTEN})

    def read(self, deposition_data_set_id: str) -> Answer:
        """Answer from the database, after a sync where a file is not as recorded; unverified while the files are away.

        Raises StaleAnswerRefused while the database is down and the files are known to lack something.
        """
        try:
            found = self.database.current(deposition_data_set_id)
        except StoreUnavailable:
            return self._from_files(deposition_data_set_id)
        try:
            if found is not None and self.is_settled(deposition_data_set_id, found):
                return Answer(found.correspondence, self.database.name, tag=found.tag)
            report = self.sync.run(deposition_data_set_id, "read", wait=READER_WAITS)
        except AWAY:
            return self._from_files(deposition_data_set_id)
        except FileUnavailable:
            if found is None:
                raise
            return self._from_database(deposition_data_set_id, found)
        return Answer(report.correspondence, self.database.name)

    def is_ready(self) -> bool:
        return self.database.is_ready() or self.cif.is_ready()

    def _from_database(self, deposition_data_set_id: str, found: Snapshot) -> Answer:
        """Answer from the database, which held what was found, and what is kept for it."""
        key = deposition_data_set_id
        known, kept = steady(self.pending, key, lambda: self.database.current(key) or found)
        return Answer(kept.over(known.correspondence), self.database.name, unverified=True)

    def _from_files(self, deposition_data_set_id: str) -> Answer:
        answer = self.files_alone(deposition_data_set_id)
        self.observer.read_fell_back()
        return answer


class FilesAlone:
    """The files written and read. Where changes still wait for the database, those behind them are kept for it as well.

    A site that went back to files during an outage may go forth again: an older change must not undo a later one then. And
    a legacy program may still write an old copy over what only waits.
    """

    def __init__(self, cif: CifStore, state_dir: Path, observer: Observer) -> None:
        self._cif = cif
        self._pending = Pending(state_dir)
        self._log = ConflictLog(state_dir, observer)

    def read(self, deposition_data_set_id: str) -> Answer:
        """Answer from the files and what is kept, unverified where anything is."""
        with still_there(self._pending, deposition_data_set_id):
            found, kept = steady(self._pending, deposition_data_set_id, lambda: self._cif.read(deposition_data_set_id))
        if not kept.deltas:
            return found
        return Answer(kept.beside(found.correspondence), self._cif.name, unverified=True)

    def apply(self, change: Change) -> Outcome:
        key = change.deposition_data_set_id
        restore(self._cif, self._pending, self._log, key)
        applied = self._cif.write(change, partial(self._keeping, key))
        if applied.copy is not None:
            self._pending.secure(applied.copy)
        elif not applied.delta and self._pending.has(key):
            self._pending.keep(key, applied.delta, applied.written)
        return Outcome(applied.delta, {self._cif.name: WRITTEN})

    def is_ready(self) -> bool:
        return self._cif.is_ready()

    def _keeping(self, deposition_data_set_id: str, delta: Delta, _before: str) -> AbstractContextManager[Path | None]:
        key = deposition_data_set_id
        return self._pending.kept(key, delta) if self._pending.has(key) else nullcontext()


class DatabaseAlone:
    """The database written and read, the files left behind: marked outside the database too.

    A request that began under this profile may end after the site went back to a dual one; there, while the database is
    down, the files must not answer for what they lack (promise P4).
    """

    def __init__(self, database: GuardedDatabase, state_dir: Path, observer: Observer) -> None:
        self._database = database
        self._markers = Markers(state_dir)
        self._catch_up = CatchUp(database, state_dir, observer)

    def read(self, deposition_data_set_id: str) -> Answer:
        """Answer from the database, once it has what such a request kept for it."""
        self._catch_up.run(deposition_data_set_id)
        found = self._database.current(deposition_data_set_id)
        if found is None:
            raise unknown_deposition(deposition_data_set_id)
        return Answer(found.correspondence, self._database.name, tag=found.tag)

    def apply(self, change: Change) -> Outcome:
        """Mark the files as behind, for a repeat too: the first try may have died before it could.

        The database's own flag outlives a power cut, so the mark need not.
        """
        with self._markers.around(change.deposition_data_set_id, durable=False):
            return self._applied(change)

    def is_ready(self) -> bool:
        return self._database.is_ready()

    def _applied(self, change: Change) -> Outcome:
        """Make a change once the database has what was kept for it: again where something was kept since that look."""
        key = change.deposition_data_set_id
        while True:
            self._catch_up.run(key)
            with suppress(Moved):
                return self._database.apply(change, partial(self._catch_up.waits, key))
