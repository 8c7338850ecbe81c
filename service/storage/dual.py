"""What both dual chains do alike: the write to both stores, the sync before an answer, and the answer from files alone
(DESIGN.md section 5; the rules are those of model/signature_protocol.py)."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

from service.changes import AppendMessage, Change
from service.deltas import Delta
from service.errors import (
    DamagedFile,
    DatabaseNotReady,
    DatabaseRefused,
    DatabaseUnavailable,
    FileUnavailable,
    NotFound,
    StaleAnswerRefused,
    StoreUnavailable,
)
from service.storage.base import (
    BEHIND,
    WRITTEN,
    Answer,
    Applied,
    Observer,
    Outcome,
    Recorded,
    Signatures,
    Snapshot,
    same_signature,
)
from service.storage.cif.store import CifStore
from service.storage.guard import GuardedDatabase
from service.storage.markers import Markers
from service.storage.pending import Pending
from service.storage.underway import Underway
from service.sync.conflict_log import ConflictLog
from service.sync.kept import steady
from service.sync.restore import restore
from service.sync.sync import Sync

#: The database takes no part now; what it misses is kept for it.
AWAY = (DatabaseUnavailable, DatabaseNotReady, DatabaseRefused)


class Dual:
    """Two stores of which one answers; they differ only where a signature, a mark or a kept change says so."""

    def __init__(self, cif: CifStore, database: GuardedDatabase, sync: Sync, state_dir: Path, observer: Observer) -> None:
        self.cif = cif
        self.database = database
        self.sync = sync
        self.pending = Pending(state_dir)
        self.markers = Markers(state_dir)
        self.underway = Underway(state_dir)
        self.log = ConflictLog(state_dir, observer)
        self.observer = observer

    def settle(self, deposition_data_set_id: str) -> Signatures | None:
        """Sync before a change where the stores may differ; `None` where the database takes no part in it.

        Gives the signatures by which the files were seen to be as recorded, none where a sync made them so. Raises
        FileUnavailable where the files lack something that could not be written to them.
        """
        try:
            state = self.database.state(deposition_data_set_id)
            if state is not None and self.is_settled(deposition_data_set_id, state):
                return state.signatures
            report = self.sync.run(deposition_data_set_id, "write")
        except NotFound:
            return {}  # a deposition that this change begins
        except AWAY:
            return None
        report.require_files()
        return {}

    def is_settled(self, deposition_data_set_id: str, state: Snapshot | None) -> bool:
        """Tell whether both stores hold the same: every file is as recorded, nothing is marked as behind or kept."""
        if state is None or state.cif_behind or self.markers.has(deposition_data_set_id):
            return False
        if self.pending.has(deposition_data_set_id):
            return False
        return self.cif.matches(deposition_data_set_id, state.signatures)

    def both(self, change: Change) -> Outcome:
        """Write both stores; again where the message is not found because an old copy came between look and write."""
        try:
            return self._both(change)
        except NotFound:
            if self.settle(change.deposition_data_set_id) != {}:
                raise  # both stores held the same, or nobody can tell
        return self._both(change)

    def _both(self, change: Change) -> Outcome:
        """Write the file, then the database; the file's lock is never held while waiting for the database."""
        key = change.deposition_data_set_id
        seen = self.settle(key)
        if seen is None:
            if not (isinstance(change, AppendMessage) and change.has_new_id):
                self._require_current(key)  # what the change would find may be older than what was acknowledged
            restore(self.cif, self.pending, self.log, key)  # the change may be about what an old copy took away
        with self.underway.marked(key):
            applied = self.cif.write(change, partial(self._keeping, change, seen))
            applied = replace(applied, delta=_informed(change, seen, applied.delta, applied.before))
            recorded = self._followed(key, applied, takes_part=seen is not None)
        return Outcome(applied.delta, {self.cif.name: WRITTEN, self.database.name: WRITTEN if recorded else BEHIND})

    def files_alone(self, deposition_data_set_id: str) -> Answer:
        """Answer from the files and what is kept; nobody can tell an old copy while the database is away.

        Raises StaleAnswerRefused (promise P4).
        """
        key = deposition_data_set_id
        self._require_current(key)
        try:
            found, kept = steady(self.pending, key, lambda: self.cif.read(key).correspondence)
        except NotFound as error:
            self.observer.stale_refused()
            raise StaleAnswerRefused(
                f"the database is down and there is no file of {key}; try again when it is back", deposition_data_set_id=key
            ) from error
        return Answer(kept.beside(found), self.cif.name, unverified=True)

    def _require_current(self, deposition_data_set_id: str) -> None:
        """Raise StaleAnswerRefused where the files are known to lack something and the database is away."""
        if self.markers.has(deposition_data_set_id):
            self.observer.stale_refused()
            raise StaleAnswerRefused(
                f"the database is down and the files of {deposition_data_set_id} lack a change; try again when it is back",
                deposition_data_set_id=deposition_data_set_id,
            )

    def _keeping(
        self, change: Change, seen: Signatures | None, delta: Delta, before: str
    ) -> AbstractContextManager[Path | None]:
        """Keep a change from before its file is written until the database has it.

        A new message needs no copy on its way there: however late it comes, it undoes nothing.
        """
        if delta.append and seen is not None:
            return nullcontext()
        return self.pending.kept(change.deposition_data_set_id, _informed(change, seen, delta, before))

    def _followed(self, deposition_data_set_id: str, applied: Applied, *, takes_part: bool) -> bool:
        """Let the database follow the file, where it takes part; tell whether it has the change.

        Raises StoreUnavailable where the change cannot be kept for it: no other way is tried then, for it may be taken.
        """
        key = deposition_data_set_id
        try:
            if not takes_part:
                return not self._keep(key, applied)
            return self._record(key, applied) if applied.delta else self._repeat(key, applied)
        except FileUnavailable as error:
            raise StoreUnavailable(f"{error.message}; whether the change is there is not known, send it again") from error

    def _record(self, deposition_data_set_id: str, applied: Applied) -> bool:
        """Bring a change that is in its file into the database; tell whether it is there.

        Who comes between knows of an edit by its copy: a sync that brings it in takes the copy away, and nothing is left to
        record. Where the database fails, what is kept is made to last; and so it is, for a sync that decides, where another
        change of the same row crossed this one or waits since longer, and where others wrote the file too, for it may not
        hold the change any more when it has to answer. A sync that brought it in may have done so before it was in its file,
        and marked that as behind: so both are looked at again.
        """
        key = deposition_data_set_id
        try:
            recorded = self.database.record(key, applied, partial(self.pending.waits, applied.copy))
        except AWAY:
            return not self._keep(key, applied)
        if recorded is Recorded.BROUGHT:
            self._is_synced(key)
            return True
        is_last = applied.copy is None or applied.delta.place not in self.pending.older(key, applied.copy)
        if recorded is Recorded.IN_STEP and is_last:
            self.pending.forget([applied.copy] if applied.copy else [])
            return True
        self._held(key, applied)
        return recorded is Recorded.OUT_OF_STEP or self._is_synced(key)

    def _repeat(self, deposition_data_set_id: str, applied: Applied) -> bool:
        """Tell whether the database has what a repeat found; it is asked for that again where its file is not as recorded.

        Another program may have written it since the look that a change begins with. Where the database does not say so, the
        repeat is kept too, for the first try may have died before it could be.
        """
        key = deposition_data_set_id
        try:
            state = self.database.state(key)
        except AWAY:
            return not self._keep(key, applied)
        signed = state and not state.cif_behind and state.signatures.get(applied.delta.content_type)
        if signed and same_signature(str(signed), applied.after):
            return True
        self._held(key, applied)
        return self._is_synced(key)

    def _is_synced(self, deposition_data_set_id: str) -> bool:
        """Sync behind a change that is kept: what stands in the way is told to whoever reads next, the change is there."""
        try:
            self.sync.run(deposition_data_set_id, "write")
        except (StoreUnavailable, DatabaseRefused, DamagedFile):
            return False
        return True

    def _keep(self, deposition_data_set_id: str, applied: Applied) -> bool:
        """Keep a change that the database lacks before it is acknowledged: a legacy program may still erase it.

        Tells whether it waits: a sync may have found its copy and brought it in.
        """
        waits = self._held(deposition_data_set_id, applied)
        if waits:
            self.observer.write_degraded(self.database.name)
        return waits

    def _held(self, deposition_data_set_id: str, applied: Applied) -> bool:
        """Make what is kept of a change that its file has last; tell whether it waits. Raises FileUnavailable."""
        if applied.copy is not None:
            return self.pending.secure(applied.copy) is not None
        self.pending.keep(deposition_data_set_id, applied.delta, applied.written)
        return True


def _informed(change: Change, seen: Signatures | None, delta: Delta, before: str | None) -> Delta:
    """Say of a change whether the database held what it found: where its file was as the look before had it."""
    is_informed = seen is not None and (
        isinstance(change, AppendMessage) or same_signature(seen.get(change.content_type), before)
    )
    return replace(delta, informed=is_informed)
