"""Merge what a file and the database hold of one section. Pure: no clock, no store, no state (DESIGN.md section 5).

OneDep never deletes a row, so a row on one side only is missing on the other, and the merge holds the rows of both.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from service.conflicts import Difference
from service.messages import Correspondence, FileReference, Message, OriginalCommunication, Row, Section, Status, unnumbered

Key = tuple[Hashable, int]


@dataclass(frozen=True, slots=True)
class Facts:
    """What tells which side of a differing row is right: who changed since the last sync, and who answers reads.

    Where `writers_are_dead`, nobody can tell any more whether the file ever held what they were about to add.
    """

    file_changed: bool
    cif_behind: bool
    database_answers: bool
    writers_are_dead: bool = False


@dataclass(frozen=True, slots=True)
class Edits:
    """The rows, without their ordinals, that acknowledged changes found and left while the database did not hear of it.

    `brought` are those that it heard of before the files did; `begun` those that changes were about to add to a file, of
    which nobody knows whether it ever held them; `undone` those found that stand in a file only where another program has
    put them there again.
    """

    found: frozenset[Row | None] = frozenset()
    left: frozenset[Row | None] = frozenset()
    brought: frozenset[Row | None] = frozenset()
    begun: frozenset[Row | None] = frozenset()
    undone: frozenset[Row | None] = frozenset()


NO_EDITS = Edits()


@dataclass(frozen=True, slots=True)
class Merged:
    """The rows both stores shall hold, how many the file had lost, and the conflicts decided."""

    section: Section
    healed: int = 0
    conflicts: tuple[Difference, ...] = ()


_KEYS: dict[type[Row], Callable[[Any], Hashable]] = {
    Message: lambda m: m.message_id,
    FileReference: lambda f: (
        f.message_id,
        f.content_type,
        f.content_format,
        f.partition_number,
        f.version_id,
        f.upload_file_name,
    ),
    OriginalCommunication: lambda o: replace(o, ordinal_id=None),
    Status: lambda s: s.message_id,
}


def merge(file: Section, rows: Section, facts: Facts, edits: Edits = NO_EDITS) -> Merged:
    """Merge a section; the file's rows keep their order, and rows it lacks follow in the database's order.

    A row that vanished from a file whose rows the database had is lost by an old copy written over it; then the database
    is right about differing rows too; and about one that stands in the file as an edit found it, or as one left it that the
    database has had. A file that lacks only rows of which nobody knows whether it held them may be one too: what it wins
    then is a conflict; and so is what it loses where it lacks none and another program may have meant what it put there.
    Ordinals are the file's own: a restored row whose number is taken gets the next.
    """
    missing = [] if facts.cif_behind else _missing(file, rows)
    lost = sum(row not in edits.begun for row in missing)
    judged = _Judged(facts, edits, is_old_copy=lost > 0, is_doubtful=facts.writers_are_dead and len(missing) > lost == 0)
    decided = [_Category(a, b, judged) for a, b in _pairs(file, rows)]
    messages, files, originals, statuses = (tuple(category.merged()) for category in decided)
    return Merged(
        Section(file.content_type, messages, files, originals, statuses),
        healed=lost,
        conflicts=tuple(c for category in decided for c in category.conflicts),
    )


def compare(old: Correspondence, new: Correspondence) -> "Compared":
    """Count the rows of `new` that `old` lacks, and those it holds differently."""
    added = updated = total = 0
    for before, after in zip(old.sections, new.sections, strict=True):
        for a, b in _pairs(before, after):
            have, want = _keyed(a), _keyed(b)
            added += len(want.keys() - have.keys())
            updated += sum(have[key] != row for key, row in want.items() if key in have)
            total += len(want)
    return Compared(added, updated, total - added - updated)


@dataclass(frozen=True, slots=True)
class Compared:
    """How many rows were added, updated and left as they were."""

    added: int
    updated: int
    unchanged: int


def _pairs(file: Section, rows: Section) -> list[tuple[Sequence[Any], Sequence[Any]]]:
    return [(a, b) for (_, a), (_, b) in zip(file.categories(), rows.categories(), strict=True)]


def _missing(file: Section, rows: Section) -> list[Row | None]:
    """Give the rows, without their ordinals, that a file does not hold."""
    keyed = ((_keyed(a), _keyed(b)) for a, b in _pairs(file, rows))
    return [unnumbered(wanted[key]) for held, wanted in keyed for key in wanted.keys() - held.keys()]


@dataclass(frozen=True, slots=True)
class _Judged:
    """What the rows of a file are decided by."""

    facts: Facts
    edits: Edits
    is_old_copy: bool
    is_doubtful: bool


def _keyed(rows: Sequence[Any]) -> dict[Key, Any]:
    """Key rows as a multiset: the second row of a key is another row than the first."""
    seen: Counter[Hashable] = Counter()
    keyed: dict[Key, Any] = {}
    for row in rows:
        key = _KEYS[type(row)](row)
        seen[key] += 1
        keyed[key, seen[key]] = row
    return keyed


class _Category:
    """The merge of one category."""

    def __init__(self, file: Sequence[Any], rows: Sequence[Any], judged: _Judged) -> None:
        self._file, self._rows = _keyed(file), _keyed(rows)
        self._judged = judged
        self.conflicts: list[Difference] = []

    def merged(self) -> list[Any]:
        kept = [self._decided(row, self._rows.get(key, row)) for key, row in self._file.items()]
        taken = {getattr(row, "ordinal_id", None) for row in kept}
        used = taken | {getattr(row, "ordinal_id", None) for row in self._rows.values()}
        for key, row in self._rows.items():
            if key not in self._file:
                clashes = getattr(row, "ordinal_id", None) in taken - {None}
                kept.append(_renumbered(row, used, len(kept) + 1) if clashes else row)
        return kept

    def _decided(self, file: Any, row: Any) -> Any:
        """Choose between two rows of a key; the ordinal is always the file's."""
        if hasattr(row, "ordinal_id"):
            row = replace(row, ordinal_id=file.ordinal_id)
        if file == row:
            return file
        facts, edits = self._judged.facts, self._judged.edits
        if self._judged.is_old_copy:
            return row
        if unnumbered(file) in edits.found | edits.brought:
            if unnumbered(file) in edits.undone:
                self.conflicts.append(Difference(row, file))
            return row
        rows_changed = facts.cif_behind or unnumbered(row) in edits.left
        is_doubtful = self._judged.is_doubtful and facts.file_changed and not rows_changed
        if facts.file_changed != rows_changed and not is_doubtful:
            return file if facts.file_changed else row
        kept, lost = (row, file) if facts.database_answers and not is_doubtful else (file, row)
        self.conflicts.append(Difference(kept, lost))
        return kept


def _renumbered(row: Any, used: set[str | None], first: int) -> Any:
    """Give a restored row the first ordinal from `first` on that no row has."""
    ordinal = next(str(n) for n in count(first) if str(n) not in used)
    used.add(ordinal)
    return replace(row, ordinal_id=ordinal)
