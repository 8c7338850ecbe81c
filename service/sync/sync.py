"""Sync one deposition: compare both stores, merge, write what is missing on either side (DESIGN.md section 5)."""

import random
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from service.conflicts import Difference
from service.errors import Crossing, FileUnavailable, MessagingError, NotFound
from service.messages import Correspondence
from service.storage.base import Moved, Observer, Snapshot
from service.storage.cif.store import CifStore
from service.storage.guard import GuardedDatabase
from service.storage.markers import Markers
from service.storage.pending import Pending
from service.storage.underway import Underway
from service.sync.conflict_log import ConflictLog
from service.sync.kept import Kept
from service.sync.look import Look
from service.sync.merge import Compared, compare
from service.sync.restore import is_still_kept, no_files
from service.sync.sightings import ForeignWrites
from service.vocabulary import CONTENT_TYPES

#: How often a sync looks again because a change crossed it.
_TRIES = 20
#: Seconds by which the pause between two looks grows at most.
_STEP = 0.005


@dataclass(frozen=True, slots=True)
class Report:
    """What a sync found and did; `behind` says why the files could not be brought up."""

    correspondence: Correspondence
    database: Compared
    healed: int
    conflicts: int
    behind: str | None

    def require_files(self) -> None:
        """Raise FileUnavailable where the files could not be brought up."""
        if self.behind:
            raise FileUnavailable(self.behind)


class Sync:
    """Make one deposition equal in both stores."""

    def __init__(
        self,
        cif: CifStore,
        database: GuardedDatabase,
        state_dir: Path,
        *,
        database_answers: bool,
        observer: Observer,
    ) -> None:
        self._cif = cif
        self._database = database
        self._pending = Pending(state_dir)
        self._markers = Markers(state_dir)
        self._underway = Underway(state_dir)
        self._foreign = ForeignWrites(state_dir)
        self._log = ConflictLog(state_dir, observer)
        self.database_answers = database_answers
        self._observer = observer
        self._unwritten: dict[str, list[Difference]] = {}  # noted for files that could not be written yet

    def run(self, deposition_data_set_id: str, reason: str, wait: float | None = None) -> Report:
        """Sync, and say what was done; raise NotFound where neither store knows the deposition.

        A file that cannot be written within `wait` seconds leaves the database complete and the files behind; a damaged
        one is an error.
        """
        outcome = "failed"
        try:
            report = self._run(deposition_data_set_id, wait)
            outcome = "behind" if report.behind else "ok"
            return report
        except MessagingError as error:
            outcome = error.code
            raise
        finally:
            self._observer.synced(reason, outcome)

    def sighted(self, deposition_data_set_id: str) -> None:
        """Note that another program wrote a file."""
        self._foreign.add(deposition_data_set_id)
        self._observer.foreign_change()

    def _run(self, deposition_data_set_id: str, wait: float | None) -> Report:
        noted = self._unwritten.pop(deposition_data_set_id, [])
        for tried in range(_TRIES):
            try:
                report = self._once(deposition_data_set_id, wait, noted)
            except Moved:
                time.sleep(random.uniform(0, tried * _STEP))  # noqa: S311 - those who cross part, no secret
            else:
                if report.behind and noted:
                    self._unwritten[deposition_data_set_id] = noted
                return report
        raise Crossing(f"changes to {deposition_data_set_id} keep crossing its sync; try again shortly")

    def _once(self, deposition_data_set_id: str, wait: float | None, noted: list[Difference]) -> Report:
        mark = self._markers.seen(deposition_data_set_id)
        look = self._look(deposition_data_set_id, mark, noted)
        with self._underway.marked(deposition_data_set_id):
            self._bring_files(look, wait)
            new = self._database.bring(deposition_data_set_id, look.held, partial(self._decided, look))
        self._settle(look, new, mark)
        return Report(new, look.compared, look.healed, len(noted) + len(look.left), look.behind)

    def _look(self, deposition_data_set_id: str, mark: bytes | None, noted: list[Difference]) -> Look:
        """See both stores and what is kept. In this order: what comes between shows in what is seen later."""
        copies = self._pending.copies(deposition_data_set_id)
        known = self._database.snapshot(deposition_data_set_id)
        is_underway = self._underway.has(deposition_data_set_id)
        try:
            found = self._cif.snapshot(deposition_data_set_id)
        except NotFound:
            if known is None and not Kept.of(self._pending, deposition_data_set_id).deltas:
                self._markers.clear(deposition_data_set_id, mark)  # of a change that was not made: there is nothing to lack
                raise
            found = no_files(deposition_data_set_id)
        kept = Kept.of(self._pending, deposition_data_set_id)
        is_underway = is_underway or self._underway.has(deposition_data_set_id)
        recorded = known or Snapshot(Correspondence(deposition_data_set_id))
        return Look(found, recorded, copies, kept, noted, is_underway=is_underway, database_answers=self.database_answers)

    def _decided(self, look: Look, now: Snapshot) -> tuple[Correspondence, list[Difference]]:
        """Merge under the lock with what is there now, and note what that decides against.

        Raises Moved where a writer or a sync of ours came between and rows would change: what the files were seen to hold
        may be older.
        """
        # anew: what another sync has brought in by now may have been edited since
        look.kept = Kept.of(self._pending, look.key)
        look.judge(now)
        merged = look.merged_with(now)
        is_crossed = now.version != look.recorded.version or not look.copies <= look.kept.copies
        look.compared = compare(now.correspondence, merged)
        if is_crossed and look.compared.updated:
            raise Moved
        self._log.add(look.key, look.left)
        return merged, look.left

    def _settle(self, look: Look, new: Correspondence, mark: bytes | None) -> None:
        """Let go of what was kept for stores that have it now, and tell of another program that wrote."""
        complete = {c for c in CONTENT_TYPES if look.held[c][0] == new.section(c)}
        # what waits goes first: left alone by a crash it could be made again, what was brought in only guards a file
        kept = {**look.kept.waiting, **look.kept.brought}
        self._pending.forget(path for path, delta in kept.items() if delta.content_type in complete)
        self._pending.keep_on(path for path, delta in look.kept.waiting.items() if delta.content_type not in complete)
        if not look.behind and len(complete) == len(CONTENT_TYPES):
            self._markers.clear(look.key, mark)
        if look.foreign:
            self.sighted(look.key)

    def _bring_files(self, look: Look, wait: float | None) -> None:
        """Write what the files lack. What is written was decided on a database and files that have not moved since."""
        wanted = {c: look.merged_file(c) for c in CONTENT_TYPES}
        lacking = [c for c in CONTENT_TYPES if wanted[c].section != look.held[c][0]]
        for content_type in CONTENT_TYPES:
            if content_type not in lacking:
                self._pending.tell_written(look.kept.begun(content_type))
        if not lacking:
            return
        now = self._database.state(look.key)
        if (now.version if now else 0) != look.recorded.version:
            raise Moved
        for content_type in lacking:
            merged, (_, found) = wanted[content_type], look.held[content_type]
            self._note(look, merged.conflicts)
            try:
                signed = self._cif.put(
                    look.key, merged.section, found, wait, partial(is_still_kept, self._pending, look.key, look.kept)
                )
            except FileUnavailable as error:
                self._markers.set(look.key)
                look.behind = error.message
            else:
                self._pending.tell_written(look.kept.begun(content_type))
                look.held[content_type] = (merged.section, signed)
                look.healed += merged.healed
                self._observer.healed(merged.healed)

    def _note(self, look: Look, conflicts: tuple[Difference, ...]) -> None:
        """Note in both logs what a file is about to lose."""
        new = look.unnoted(conflicts)
        if new:
            self._log.add(look.key, new)
            self._database.note(look.key, new)
            look.noted += new
