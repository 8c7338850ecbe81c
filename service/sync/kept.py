"""Kept changes and the rows they are about: what was acknowledged and may be missing in a store, laid over what it holds."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Self, TypeVar

from service.conflicts import Difference
from service.deltas import Delta, Place
from service.messages import Correspondence, Message, Row, unnumbered
from service.storage.base import Snapshot
from service.storage.pending import Pending
from service.sync.merge import Edits, Facts, Merged, merge

T = TypeVar("T")
#: During an outage a file that is not as we left it was written by somebody who knew what stood there.
_OUTAGE = Facts(file_changed=True, cif_behind=False, database_answers=False)


@dataclass(frozen=True)
class Kept:
    """The changes of one deposition that wait for the database, oldest first, and those that only its files lack; each by
    where it is kept."""

    waiting: Mapping[Path, Delta]
    brought: Mapping[Path, Delta] = field(default_factory=dict)

    @classmethod
    def of(cls, pending: Pending, deposition_data_set_id: str) -> Self:
        """Read what is kept for a deposition."""
        return cls(pending.of(deposition_data_set_id), pending.brought(deposition_data_set_id))

    @property
    def all(self) -> Mapping[Path, Delta]:
        """Give all of them, oldest first, by where they are kept."""
        return {**self.brought, **self.waiting}

    @property
    def copies(self) -> set[Path]:
        """Name where they are kept."""
        return set(self.all)

    @property
    def deltas(self) -> tuple[Delta, ...]:
        """Give all of them, oldest first."""
        return tuple(self.all.values())

    def begun(self, content_type: str) -> list[Path]:
        """Name those of a file of which nobody knows whether it ever held them."""
        return [path for path, delta in self.all.items() if delta.begun and delta.content_type == content_type]

    @cached_property
    def edits(self) -> Edits:
        """Give the rows that these changes edited: as they found them and as they left them."""
        edits = [delta for delta in self.deltas if delta.is_edit]
        held = {unnumbered(row) for delta in self.deltas if not delta.begun for row in delta.seen}
        left = [delta.replace or delta.status for delta in edits]
        written = [delta for delta in edits if not delta.begun]
        last = {unnumbered(delta.row) for delta in _last_edits(written).values()}
        return Edits(
            found=frozenset(unnumbered(delta.before) for delta in edits if delta.before),
            left=frozenset(unnumbered(row) for row in left if row),
            brought=frozenset(unnumbered(delta.row) for delta in self.brought.values() if delta.is_edit),
            begun=frozenset(unnumbered(row) for delta in self.deltas if delta.begun for row in delta.added) - held,
            undone=frozenset(unnumbered(delta.before) for delta in written if delta.before) - last,
        )

    @cached_property
    def rows(self) -> frozenset[Row | None]:
        """Give the rows that these changes made, new messages too."""
        return frozenset(unnumbered(delta.row) for delta in self.deltas)

    def over(self, rows: Correspondence, files: Correspondence | None = None) -> Correspondence:
        """Make the changes that wait to what the database holds: those whose row is as they found it, and the last edit of
        each row where nothing came behind it, as far as these rows or the files tell.
        """
        return self._made(tuple(self.waiting.values()), rows, files, of_database=True)

    def over_database(self, recorded: Snapshot, files: Correspondence) -> tuple[Correspondence, tuple[Difference, ...]]:
        """Make these changes to what the database holds, and give what they replace there that none of them found so.

        An old copy had hidden that from them. Files that are behind do not tell what came last.
        """
        rows, seen = recorded.correspondence, self.edits.found
        new = self.over(rows, None if recorded.cif_behind else files)
        pairs = dict.fromkeys((delta.standing(new), delta.standing(rows)) for delta in self.waiting.values())
        return new, tuple(Difference(a, b) for a, b in pairs if a and b and a != b and unnumbered(b) not in seen)

    def overtaken(self, rows: Correspondence) -> tuple[Difference, ...]:
        """Give the edits that wait and stand nowhere in these rows: what came behind them did not find them.

        Who edits a message has found it, so that a new one is never overtaken.
        """
        seen = self.edits.found
        edits = (delta for delta in self.waiting.values() if delta.is_edit and not delta.append and not delta.is_in(rows))
        pairs = dict.fromkeys((delta.standing(rows), delta.row) for delta in edits)
        return tuple(Difference(a, b) for a, b in pairs if a and b and unnumbered(b) not in seen)

    def beside(self, files: Correspondence) -> Correspondence:
        """Give the files with what an old copy written over them took away: the answer while the database is down."""
        return replace(files, sections=tuple(one.section for one in self.merged_with(files)))

    def merged_with(self, files: Correspondence) -> list[Merged]:
        """Merge each of the files with what these changes made of it."""
        wanted = self._made(self.deltas, files, None, of_database=False)
        return [merge(file, wanted.section(file.content_type), _OUTAGE, self.edits) for file in files.sections]

    def _made(
        self, deltas: tuple[Delta, ...], rows: Correspondence, files: Correspondence | None, *, of_database: bool
    ) -> Correspondence:
        """Make changes to rows. Where one stands as the last of them left it, the earlier ones are done: none undoes it."""
        last = _last_edits(deltas)
        done = {place for place, delta in last.items() if delta.is_in(rows)}
        for delta in deltas:
            is_last = delta is last.get(delta.place)
            is_open = is_last or (delta.is_edit and delta.place not in done)
            may_be_newest = is_last and not (of_database and delta.informed)
            if is_open and (delta.fits(rows) or (may_be_newest and self._is_newest(delta, rows, files))):
                rows = _put(delta, rows)
            elif isinstance(delta.row, Message):  # no row undoes the references that came with it
                standing = rows.message(str(delta.row.message_id), delta.content_type)
                rows = _put(replace(delta, append=None, replace=standing or delta.row), rows)
        return rows

    def _is_newest(self, delta: Delta, rows: Correspondence, files: Correspondence | None) -> bool:
        """Tell whether nothing came to a row behind an edit: it is not there, or as one of these changes found or made it.

        What the database holds otherwise came before, and an old copy had hidden it from the edit, unless the file holds it.
        """
        there = unnumbered(delta.standing(rows))
        is_known = there is None or there in self.rows or there in self.edits.found
        return not delta.append and (is_known or (files is not None and unnumbered(delta.standing(files)) != there))


def steady(pending: Pending, deposition_data_set_id: str, read: Callable[[], T]) -> tuple[T, Kept]:
    """Read a store and what is kept: again where a sync took some of that away meanwhile, for neither may show it then."""
    while True:
        before = pending.copies(deposition_data_set_id)
        found, kept = read(), Kept.of(pending, deposition_data_set_id)
        if before <= kept.copies:
            return found, kept


def _last_edits(deltas: Iterable[Delta]) -> dict[Place, Delta]:
    return {delta.place: delta for delta in deltas if delta.is_edit}


def _put(delta: Delta, rows: Correspondence) -> Correspondence:
    return rows.with_section(replace(delta, repeated=False).put_into(rows.section(delta.content_type)))
