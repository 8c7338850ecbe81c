"""The two stores of a dual profile behind the interface of one: writes to both, reads from the one that answers, and a sync
wherever a signature says that they may differ (DESIGN.md section 5; the rules are those of model/signature_protocol.py)."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from service.changes import Change, Delta
from service.errors import (
    CommitUnknown,
    DatabaseNotReady,
    DatabaseRefused,
    DatabaseUnavailable,
    FileUnavailable,
    MessagingError,
    NotFound,
    StaleAnswerRefused,
    StoreUnavailable,
)
from service.storage.base import BEHIND, WRITTEN, Answer, Applied, Moved, Observer, Outcome, Snapshot
from service.storage.cif.store import CifStore
from service.storage.guard import GuardedDatabase
from service.storage.pending import Markers, Pending, overlaid
from service.sync.sync import Sync

#: Seconds that a reader whose deposition needs a sync waits for a file's lock; it has its answer without the file as well.
READER_WAITS = 0.2


class _Dual:
    """What both dual chains do alike: the write to both stores and the sync before an answer."""

    def __init__(self, cif: CifStore, database: GuardedDatabase, sync: Sync, state_dir: Path, observer: Observer) -> None:
        self.cif = cif
        self.database = database
        self.sync = sync
        self.pending = Pending(state_dir)
        self.markers = Markers(state_dir)
        self.observer = observer

    def probe(self) -> Mapping[str, str]:
        """Probe both stores; one that is down does not hide the other."""
        found: dict[str, str] = {}
        for store in (self.cif, self.database):
            try:
                found |= store.probe()
            except StoreUnavailable as error:
                found[store.name] = error.message
        return found

    def settle(self, deposition_data_set_id: str) -> bool:
        """Sync before a change where the stores may differ; tell whether the database takes part in it.

        Raises FileUnavailable where the files lack something that could not be written to them.
        """
        try:
            state = self.database.state(deposition_data_set_id)
            if self.is_settled(deposition_data_set_id, state):
                return True
            report = self.sync.run(deposition_data_set_id, "write")
        except NotFound:
            return True  # a deposition that this change begins
        except (DatabaseUnavailable, DatabaseNotReady, DatabaseRefused):
            return False
        if report.behind:
            raise FileUnavailable(report.behind)
        return True

    def is_settled(self, deposition_data_set_id: str, state: Snapshot | None) -> bool:
        """Tell whether both stores hold the same: every file is as recorded, nothing is marked as behind or kept."""
        if state is None or state.cif_behind or self.markers.has(deposition_data_set_id):
            return False
        if self.pending.has(deposition_data_set_id):
            return False
        return self.cif.matches(deposition_data_set_id, state.signatures)

    def both(self, change: Change) -> Outcome:
        """Write the file, then the database; the file's lock is never held while waiting for the database."""
        recorded = self.settle(change.deposition_data_set_id)
        if not recorded:
            self._restore(change.deposition_data_set_id)
        applied = self.cif.write(change)
        if applied.delta:
            recorded = recorded and self._record(change.deposition_data_set_id, applied)
        if not recorded:
            self._keep(change.deposition_data_set_id, applied.delta)
        stores = {self.cif.name: WRITTEN, self.database.name: WRITTEN if recorded else BEHIND}
        return Outcome(applied.delta, stores)

    def _restore(self, deposition_data_set_id: str) -> None:
        """Give the file back the kept messages that an old copy erased, for a change may be about one of them."""
        appended = [delta for delta in self.pending.of(deposition_data_set_id).values() if delta.append]
        while appended:
            found = self.cif.snapshot(deposition_data_set_id)
            wanted = overlaid(found.correspondence, appended)
            lacking = [new for new in wanted.sections if new != found.correspondence.section(new.content_type)]
            try:
                for new in lacking:
                    self.cif.put(deposition_data_set_id, new, str(found.signatures[new.content_type]), None)
                return
            except Moved:
                continue  # another writer was quicker: look again

    def _record(self, deposition_data_set_id: str, applied: Applied) -> bool:
        """Bring a change that is in the file into the database; tell whether it is there."""
        try:
            self.database.record(deposition_data_set_id, applied.delta, applied.before, applied.after)
        except (DatabaseUnavailable, DatabaseNotReady, DatabaseRefused):
            return False
        return True

    def _keep(self, deposition_data_set_id: str, delta: Delta) -> None:
        """Keep a change that the database lacks before it is acknowledged: a legacy program may still erase it.

        A repeat is kept too, for the first try may have died before it could be.
        """
        self.pending.keep(deposition_data_set_id, replace(delta, repeated=False))
        self.observer.write_degraded(self.database.name)


class FilesAnswer(_Dual):
    """Both stores written, the files answer: a change that the file cannot take is refused."""

    def apply(self, change: Change) -> Outcome:
        return self.both(change)

    def is_ready(self) -> bool:
        return self.cif.is_ready()

    def read(self, deposition_data_set_id: str) -> Answer:
        """Answer from the files, synced where the database says otherwise; unverified while it is down."""
        try:
            state = self.database.state(deposition_data_set_id)
            if not self.is_settled(deposition_data_set_id, state):
                return Answer(self.sync.run(deposition_data_set_id, "read", wait=READER_WAITS).correspondence, self.cif.name)
        except (StoreUnavailable, DatabaseRefused):
            kept = self.pending.of(deposition_data_set_id).values()
            answer = self.cif.read(deposition_data_set_id)
            return Answer(overlaid(answer.correspondence, kept), self.cif.name, unverified=True)
        return self.cif.read(deposition_data_set_id)


class DatabaseAnswers(_Dual):
    """Both stores written, the database answers; while it is down the files do, where they are known to be current."""

    def apply(self, change: Change) -> Outcome:
        """Write both; where the file cannot be written the database alone, and the files are marked as behind."""
        try:
            return self.both(change)
        except FileUnavailable:
            outcome = self._database_alone(change)
        self.observer.write_degraded(self.cif.name)
        return Outcome(outcome.delta, {self.cif.name: BEHIND, self.database.name: WRITTEN})

    def _database_alone(self, change: Change) -> Outcome:
        """Mark the files as behind and write the database; the mark goes where the database certainly did not take it."""
        key = change.deposition_data_set_id
        was_marked, mark = self.markers.has(key), self.markers.set(key)
        try:
            return self.database.apply(change)
        except CommitUnknown:
            raise
        except MessagingError:
            if not was_marked:
                self.markers.clear(key, mark)
            raise

    def read(self, deposition_data_set_id: str) -> Answer:
        """Answer from the database, after a sync where a file is not as recorded; unverified while the files are away.

        Raises StaleAnswerRefused while the database is down and the files are known to lack something.
        """
        try:
            found = self.database.snapshot(deposition_data_set_id)
        except StoreUnavailable:
            return self._from_files(deposition_data_set_id)
        try:
            if found is not None and self.is_settled(deposition_data_set_id, found):
                return Answer(found.correspondence, self.database.name)
            report = self.sync.run(deposition_data_set_id, "read", wait=READER_WAITS)
        except (DatabaseUnavailable, DatabaseRefused):
            return self._from_files(deposition_data_set_id)
        except FileUnavailable:
            if found is None:
                raise
            kept = self.pending.of(deposition_data_set_id).values()
            return Answer(overlaid(found.correspondence, kept), self.database.name, unverified=True)
        return Answer(report.correspondence, self.database.name)

    def is_ready(self) -> bool:
        return self.database.is_ready() or self.cif.is_ready()

    def _from_files(self, deposition_data_set_id: str) -> Answer:
        if self.markers.has(deposition_data_set_id):
            self.observer.stale_refused()
            raise StaleAnswerRefused(
                f"the database is down and the files of {deposition_data_set_id} lack a change; try again when it is back",
                deposition_data_set_id=deposition_data_set_id,
            )
        answer = self.cif.read(deposition_data_set_id)
        self.observer.read_fell_back()
        kept = self.pending.of(deposition_data_set_id).values()
        return Answer(overlaid(answer.correspondence, kept), self.cif.name, unverified=True)


class DatabaseAlone:
    """The database written and read, the files left behind: marked outside the database too.

    A request that began under this profile may end after the site went back to a dual one; there, while the database is
    down, the files must not answer for what they lack (promise P4).
    """

    def __init__(self, database: GuardedDatabase, state_dir: Path) -> None:
        self._database = database
        self._markers = Markers(state_dir)

    def read(self, deposition_data_set_id: str) -> Answer:
        return self._database.read(deposition_data_set_id)

    def apply(self, change: Change) -> Outcome:
        self._markers.set(change.deposition_data_set_id, durable=False)  # the database's own flag outlives a power cut
        return self._database.apply(change)

    def is_ready(self) -> bool:
        return self._database.is_ready()

    def probe(self) -> Mapping[str, str]:
        return self._database.probe()
