"""What one sync of a deposition saw, and what it makes of it (DESIGN.md section 5)."""

from pathlib import Path

from service.conflicts import Difference
from service.messages import Correspondence, Row, unnumbered
from service.storage.base import Snapshot, same_signature
from service.sync.kept import Kept
from service.sync.merge import Compared, Facts, Merged, merge
from service.vocabulary import CONTENT_TYPES


class Look:
    """The state of one sync: what was seen, what is wanted, and what each file holds by now with its signature."""

    def __init__(
        self,
        found: Snapshot,
        recorded: Snapshot,
        copies: set[Path],
        kept: Kept,
        noted: list[Difference],
        *,
        is_underway: bool,
        database_answers: bool,
    ) -> None:
        self.key = found.correspondence.deposition_data_set_id
        self.found = found
        self.recorded = recorded
        self.copies = copies  # what was kept before either store was seen
        self.kept = kept
        self.held = {s.content_type: (s, str(found.signatures[s.content_type])) for s in found.correspondence.sections}
        self.healed = 0
        self.behind: str | None = None
        self._ours = kept.deltas  # what of ours may be in a file before it is recorded
        self.of_dead = set() if is_underway else copies  # what is kept while nobody writes
        self.foreign = False  # another program wrote a file since it was recorded
        self.noted = noted  # conflicts that were noted before a file was written
        self.left: list[Difference] = []  # conflicts that the rows decide, noted with them
        self.compared = Compared(0, 0, 0)  # what the database gained, as told under its lock
        self._database_answers = database_answers
        self._is_underway = is_underway  # a change of ours is on its way into the database

    def unnoted(self, conflicts: tuple[Difference, ...]) -> list[Difference]:
        """Leave out what was noted in an earlier look, or before a file was written that could not be."""
        return [conflict for conflict in conflicts if conflict not in self.noted]

    def judge(self, now: Snapshot) -> None:
        """Tell by what is recorded under the lock whether another program wrote a file; ours are recorded or on the way.

        Where the version moved since the look at the files, a writer of ours came between, and it may have been its file.
        """
        judges = {c: self.recorded if self._has_written(c, now) else now for c in CONTENT_TYPES}
        is_sighted = any(self._is_written_by_another(judge, c) for c, judge in judges.items()) or self._is_made_by_another()
        self.foreign = not self._is_underway and now.version == self.recorded.version and is_sighted

    def _is_written_by_another(self, judge: Snapshot, content_type: str) -> bool:
        """Tell whether another program wrote a file: it is not as recorded, and no changes of ours explain what it holds."""
        if judge.signatures.get(content_type) is None or not self.changed(judge, content_type):
            return False
        ours = [delta for delta in self._ours if delta.content_type == content_type]
        if not ours:
            return True
        explained = {unnumbered(row) for delta in ours for row in (*delta.seen, *delta.added)}
        recorded, found = (_rows(seen.correspondence, content_type) for seen in (self.recorded, self.found))
        return not found <= recorded | explained

    def _has_written(self, content_type: str, now: Snapshot) -> bool:
        """Tell whether what is recorded by now is the file that this sync has written itself: another one was quicker."""
        written = self.held[content_type][1]
        return written != self.found.signatures[content_type] and same_signature(now.signatures.get(content_type), written)

    def _is_made_by_another(self) -> bool:
        """Tell a deposition that appears where the database has all: before that an import finds them by the thousand."""
        is_new = not self.recorded.signatures
        return self._database_answers and is_new and not self._ours and self.found.correspondence.row_count > 0

    def changed(self, recorded: Snapshot, content_type: str) -> bool:
        """Tell whether a file was found other than recorded."""
        return not same_signature(recorded.signatures.get(content_type), self.found.signatures[content_type])

    def merged_file(self, content_type: str) -> Merged:
        """Merge a file as it was found with what is wanted."""
        files = self.found.correspondence
        wanted, _ = self.kept.over_database(self.recorded, files)
        facts = self._facts(self.recorded, content_type)
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


def _rows(correspondence: Correspondence, content_type: str) -> set[Row | None]:
    """Give what a file holds, under whatever number."""
    return {unnumbered(row) for _, rows in correspondence.section(content_type).categories() for row in rows}


def _holds(correspondence: Correspondence, row: Row) -> bool:
    """Tell whether a row stands in some file, under whatever number."""
    return any(unnumbered(row) in _rows(correspondence, content_type) for content_type in CONTENT_TYPES)
