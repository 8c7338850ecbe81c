"""Kept changes and the rows they are about: what was acknowledged and may be missing in a store, laid over what it holds."""

from dataclasses import dataclass, replace

from service.conflicts import Difference
from service.deltas import Delta, Place
from service.messages import Correspondence, unnumbered
from service.storage.base import Snapshot
from service.sync.merge import Edits, Facts, merge

#: During an outage a file that is not as we left it was written by somebody who knew what stood there.
_OUTAGE = Facts(file_changed=True, cif_behind=False, database_answers=False)


@dataclass(frozen=True, slots=True)
class Kept:
    """The changes of one deposition that wait for the database, oldest first."""

    deltas: tuple[Delta, ...]

    @property
    def edits(self) -> Edits:
        """Give the rows that these changes edited: as they found them and as they left them."""
        left = [delta.replace or delta.status for delta in self.deltas]
        return Edits(
            frozenset(unnumbered(delta.before) for delta in self.deltas if delta.before),
            frozenset(unnumbered(row) for row in left if row),
        )

    def over(self, rows: Correspondence, files: Correspondence | None = None) -> Correspondence:
        """Make these changes to what a store holds: those whose row is as they found it, and the last where there is none.

        Where a row stands as the last of them left it, the earlier ones are done: one may have found the same and undo that.
        Of the database's rows, given the files, the last edit of each is made too where the file tells that it came last.
        """
        last = self._last()
        done = {place for place, delta in last.items() if delta.is_in(rows)}
        for delta in self.deltas:
            is_last = delta is last[delta.place]
            if delta.place in done and not is_last:
                continue
            if _is_due(delta, rows) or (is_last and (delta.standing(rows) is None or _is_newest(delta, files))):
                put = replace(delta, repeated=False).put_into(rows.section(delta.content_type))
                rows = rows.with_section(put)
        return rows

    def over_database(self, recorded: Snapshot, files: Correspondence) -> tuple[Correspondence, tuple[Difference, ...]]:
        """Make these changes to what the database holds, and give what they replace there that none of them found so.

        An old copy had hidden that from them. Files that are behind do not tell what came last.
        """
        rows, seen = recorded.correspondence, self.edits.found
        new = self.over(rows, None if recorded.cif_behind else files)
        pairs = [(delta.standing(new), delta.standing(rows)) for delta in self._last().values()]
        return new, tuple(Difference(a, b) for a, b in pairs if a and b and a != b and unnumbered(b) not in seen)

    def beside(self, files: Correspondence) -> Correspondence:
        """Give the files with what an old copy written over them took away: the answer while the database is down."""
        wanted = self.over(files)
        merged = [merge(file, wanted.section(file.content_type), _OUTAGE, self.edits) for file in files.sections]
        return replace(files, sections=tuple(one.section for one in merged))

    def _last(self) -> dict[Place, Delta]:
        """Give the last change of each row."""
        return {delta.place: delta for delta in self.deltas}


def _is_due(delta: Delta, rows: Correspondence) -> bool:
    """Tell whether a change can be made to rows as it was, or as the first try of it may have been."""
    return delta.fits(rows) or (delta.repeated and not delta.append)


def _is_newest(delta: Delta, files: Correspondence | None) -> bool:
    """Tell whether nothing came to a row behind this edit: its file holds it as the edit left it, or as it found it.

    The latter is an old copy. What the database holds otherwise came before, and an old copy had hidden it from the edit.
    """
    return files is not None and not delta.append and (delta.is_in(files) or delta.fits(files))
