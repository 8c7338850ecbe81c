"""Sync one deposition: compare both stores, merge, write what is missing on either side (DESIGN.md section 5)."""

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from service.errors import FileUnavailable, MessagingError, NotFound
from service.messages import Correspondence, Section
from service.storage.base import Observer, Snapshot, same_signature
from service.storage.cif.signature import ABSENT
from service.storage.cif.store import CifStore
from service.storage.durable import append_line
from service.storage.guard import GuardedDatabase
from service.storage.pending import Markers, Pending, overlaid
from service.sync.merge import Compared, Difference, Facts, Merged, compare, merge
from service.vocabulary import CONTENT_TYPES


@dataclass(frozen=True, slots=True)
class Report:
    """What a sync found and did; `behind` says why the files could not be brought up."""

    correspondence: Correspondence
    database: Compared
    healed: int
    conflicts: int
    behind: str | None

    @property
    def changed(self) -> bool:
        return bool(self.database.added or self.database.updated or self.healed)


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
        self._conflict_log = state_dir / "conflicts.jsonl"
        self._database_answers = database_answers
        self._observer = observer

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
        known = self._database.snapshot(deposition_data_set_id)
        found = self._found(deposition_data_set_id, known)
        recorded = known or Snapshot(Correspondence(deposition_data_set_id))
        pending = self._pending.of(deposition_data_set_id)
        one = _One(self._facts(recorded, found), overlaid(recorded.correspondence, pending.values()), found)
        for content_type in CONTENT_TYPES:
            self._bring_file(one, content_type, wait)

        def merged(current: Correspondence) -> Correspondence:
            return one.merged_with(overlaid(current, pending.values()))

        new = self._database.bring(deposition_data_set_id, one.held, merged)
        self._pending.forget(pending)
        if not one.behind and all(one.held[c][0] == new.section(c) for c in CONTENT_TYPES):
            self._markers.clear(deposition_data_set_id)
        self._tell(deposition_data_set_id, one)
        compared = compare(recorded.correspondence, new)
        return Report(new, compared, one.healed, len(one.conflicts), one.behind)

    def _found(self, deposition_data_set_id: str, known: Snapshot | None) -> Snapshot:
        """Read the files; a deposition that only the database knows has none yet."""
        try:
            return self._cif.snapshot(deposition_data_set_id)
        except NotFound:
            if known is None:
                raise
            return Snapshot(Correspondence(deposition_data_set_id), dict.fromkeys(CONTENT_TYPES, ABSENT))

    def _facts(self, recorded: Snapshot, found: Snapshot) -> dict[str, Facts]:
        changed = {c: not same_signature(recorded.signatures.get(c), found.signatures[c]) for c in CONTENT_TYPES}
        if any(changed[c] and recorded.signatures.get(c) for c in CONTENT_TYPES):
            self._observer.foreign_change()
        return {c: Facts(changed[c], recorded.cif_behind, self._database_answers) for c in CONTENT_TYPES}

    def _bring_file(self, one: "_One", content_type: str, wait: float | None) -> None:
        """Write what a file lacks, judged again on the file as it is under its lock."""
        section = one.found.correspondence.section(content_type)
        one.held[content_type] = (section, str(one.found.signatures[content_type]))
        if one.merge_file(section).section == section:
            return
        deposition_data_set_id = one.found.correspondence.deposition_data_set_id
        results: list[Merged] = []

        def target(fresh: Section) -> Section:
            results.append(one.merge_file(fresh))
            return results[-1].section

        try:
            signed = self._cif.put(deposition_data_set_id, content_type, target, wait)
        except FileUnavailable as error:
            self._markers.set(deposition_data_set_id)
            one.behind = error.message
            return
        one.held[content_type] = (results[-1].section, signed)
        one.healed += results[-1].healed
        one.conflicts += results[-1].conflicts

    def _tell(self, deposition_data_set_id: str, one: "_One") -> None:
        if one.healed:
            self._observer.healed(one.healed)
        if one.conflicts:
            self._observer.conflicted(len(one.conflicts))
        for conflict in one.conflicts:
            entry: dict[str, object] = {
                "time": datetime.now(UTC).isoformat(),
                "deposition_data_set_id": deposition_data_set_id,
            }
            entry |= {"category": type(conflict.kept).__name__, "kept": asdict(conflict.kept), "lost": asdict(conflict.lost)}
            append_line(self._conflict_log, json.dumps(entry).encode())


@dataclass(slots=True)
class _One:
    """The state of one sync: what was found, what is wanted, and what each file holds by now with its signature."""

    facts: dict[str, Facts]
    wanted: Correspondence
    found: Snapshot
    held: dict[str, tuple[Section, str]] = field(default_factory=dict)
    healed: int = 0
    conflicts: tuple[Difference, ...] = ()
    behind: str | None = None

    def merge_file(self, section: Section) -> Merged:
        return merge(section, self.wanted.section(section.content_type), self.facts[section.content_type])

    def merged_with(self, rows: Correspondence) -> Correspondence:
        """Merge what the files hold by now with the rows as they are under the database's lock."""
        merged = tuple(merge(self.held[c][0], rows.section(c), self.facts[c]).section for c in CONTENT_TYPES)
        return Correspondence(rows.deposition_data_set_id, merged)
