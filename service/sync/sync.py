"""Sync one deposition: compare both stores, merge, write what is missing on either side (DESIGN.md section 5)."""

import random
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from service.conflicts import Difference
from service.errors import Crossing, FileUnavailable, MessagingError, NotFound
from service.messages import Correspondence, Row, unnumbered
from service.storage.base import Moved, Observer, Snapshot, same_signature
from service.storage.cif.store import CifStore
from service.storage.guard import GuardedDatabase
from service.storage.markers import Markers
from service.storage.pending import Pending
from service.storage.underway import Underway
from service.sync.conflict_log import ConflictLog
from service.sync.kept import Kept
from service.sync.merge import Compared, Facts, Merged, compare, merge
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
        self._database_answers = database_answers
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
        mark, copies = self._markers.seen(deposition_data_set_id), self._pending.copies(deposition_data_set_id)
        known = self._database.snapshot(deposition_data_set_id)
        is_underway = self._underway.has(deposition_data_set_id)
        try:
            found = self._cif.snapshot(deposition_data_set_id)
        except NotFound:
            if known is None and not Kept.of(self._pending, deposition_data_set_id).deltas:
                self._markers.clear(deposition_data_set_id, mark)  # of a change that was not made: there is nothing to lack
                raise
            found = no_files(deposition_data_set_id)
        recorded = known or Snapshot(Correspondence(deposition_data_set_id))
        one = _One(found, Kept.of(self._pending, deposition_data_set_id), self._database_answers, noted)
        is_underway = is_underway or self._underway.has(deposition_data_set_id)
        one.ours = bool(one.kept.deltas) or is_underway
        one.of_dead = set() if is_underway else copies

        def decide(now: Snapshot) -> tuple[Correspondence, list[Difference]]:
            # anew, under the lock: what another sync has brought in by now may have been edited since
            one.kept = Kept.of(self._pending, deposition_data_set_id)
            one.judge(now, recorded.version)
            merged = one.merged_with(now)
            is_crossed = now.version != recorded.version or not copies <= one.kept.copies
            if is_crossed and compare(now.correspondence, merged).updated:
                raise Moved  # a writer or a sync of ours came between: what the files were seen to hold may be older
            self._log.add(deposition_data_set_id, one.left)
            return merged, one.left

        with self._underway.marked(deposition_data_set_id):
            self._bring_files(one, recorded, wait)
            new = self._database.bring(deposition_data_set_id, one.held, decide)
        complete = {c for c in CONTENT_TYPES if one.held[c][0] == new.section(c)}
        # what waits goes first: left alone by a crash it could be made again, what was brought in only guards a file
        kept = {**one.kept.waiting, **one.kept.brought}
        self._pending.forget(path for path, delta in kept.items() if delta.content_type in complete)
        self._pending.keep_on(path for path, delta in one.kept.waiting.items() if delta.content_type not in complete)
        if not one.behind and len(complete) == len(CONTENT_TYPES):
            self._markers.clear(deposition_data_set_id, mark)
        if one.foreign:
            self._foreign.add(deposition_data_set_id)
            self._observer.foreign_change()
        compared = compare(recorded.correspondence, new)
        return Report(new, compared, one.healed, len(noted) + len(one.left), one.behind)

    def _bring_files(self, one: "_One", recorded: Snapshot, wait: float | None) -> None:
        """Write what the files lack. What is written was decided on a database and files that have not moved since."""
        key = recorded.correspondence.deposition_data_set_id
        wanted = {c: one.merged_file(recorded, c) for c in CONTENT_TYPES}
        lacking = [c for c in CONTENT_TYPES if wanted[c].section != one.held[c][0]]
        for content_type in CONTENT_TYPES:
            if content_type not in lacking:
                self._pending.tell_written(one.kept.begun(content_type))
        if not lacking:
            return
        now = self._database.state(key)
        if (now.version if now else 0) != recorded.version:
            raise Moved
        for content_type in lacking:
            merged, (_, found) = wanted[content_type], one.held[content_type]
            self._note(key, one, merged.conflicts)
            try:
                signed = self._cif.put(
                    key, merged.section, found, wait, partial(is_still_kept, self._pending, key, one.kept)
                )
            except FileUnavailable as error:
                self._markers.set(key)
                one.behind = error.message
            else:
                self._pending.tell_written(one.kept.begun(content_type))
                one.held[content_type] = (merged.section, signed)
                one.healed += merged.healed
                self._observer.healed(merged.healed)

    def _note(self, deposition_data_set_id: str, one: "_One", conflicts: tuple[Difference, ...]) -> None:
        """Note in both logs what a file is about to lose."""
        new = one.unnoted(conflicts)
        if new:
            self._log.add(deposition_data_set_id, new)
            self._database.note(deposition_data_set_id, new)
            one.noted += new


class _One:
    """The state of one sync: what was found, what is wanted, and what each file holds by now with its signature."""

    def __init__(self, found: Snapshot, kept: Kept, database_answers: bool, noted: list[Difference]) -> None:
        self.found = found
        self.kept = kept
        self.held = {s.content_type: (s, str(found.signatures[s.content_type])) for s in found.correspondence.sections}
        self.healed = 0
        self.behind: str | None = None
        self.ours = False  # a change of ours is on its way into the database, or waits for it
        self.of_dead: set[Path] = set()  # what is kept while nobody writes
        self.foreign = False  # another program wrote a file since it was recorded
        self.noted = noted  # conflicts that were noted before a file was written
        self.left: list[Difference] = []  # conflicts that the rows decide, noted with them
        self._database_answers = database_answers

    def unnoted(self, conflicts: tuple[Difference, ...]) -> list[Difference]:
        """Leave out what was noted in an earlier look, or before a file was written that could not be."""
        return [conflict for conflict in conflicts if conflict not in self.noted]

    def judge(self, now: Snapshot, version: int) -> None:
        """Tell by what is recorded under the lock whether another program wrote a file; ours are recorded or on the way.

        Where the version moved since the look at the files, a writer of ours came between, and it may have been its file.
        """
        known = [c for c in CONTENT_TYPES if now.signatures.get(c) is not None]
        self.foreign = not self.ours and now.version == version and any(self.changed(now, c) for c in known)

    def changed(self, recorded: Snapshot, content_type: str) -> bool:
        """Tell whether a file was found other than recorded."""
        return not same_signature(recorded.signatures.get(content_type), self.found.signatures[content_type])

    def merged_file(self, recorded: Snapshot, content_type: str) -> Merged:
        """Merge a file as it was found with what is wanted."""
        files = self.found.correspondence
        wanted, _ = self.kept.over_database(recorded, files)
        facts = self._facts(recorded, content_type)
        return merge(files.section(content_type), wanted.section(content_type), facts, self.kept.edits)

    def merged_with(self, now: Snapshot) -> Correspondence:
        """Merge what the files hold by now with what the database records and holds under its lock."""
        rows, replaced = self.kept.over_database(now, self.found.correspondence)
        merged = [merge(self.held[c][0], rows.section(c), self._facts(now, c), self.kept.edits) for c in CONTENT_TYPES]
        decided = [conflict for one in merged for conflict in one.conflicts if _holds(now.correspondence, conflict.lost)]
        new = Correspondence(rows.deposition_data_set_id, tuple(one.section for one in merged))
        # what a file loses is noted before it is written
        self.left = self.unnoted(tuple(dict.fromkeys((*replaced, *decided, *self.kept.overtaken(new)))))
        return new

    def _facts(self, recorded: Snapshot, content_type: str) -> Facts:
        writers_are_dead = self.kept.copies <= self.of_dead
        return Facts(self.changed(recorded, content_type), recorded.cif_behind, self._database_answers, writers_are_dead)


def _holds(correspondence: Correspondence, row: Row) -> bool:
    """Tell whether a row stands somewhere in a correspondence, under whatever number."""
    categories = (rows for section in correspondence.sections for kind, rows in section.categories() if kind is type(row))
    return any(unnumbered(one) == unnumbered(row) for rows in categories for one in rows)
