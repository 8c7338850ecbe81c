"""Kept changes and the rows they are about: what was acknowledged and may be missing in a store, laid over what it holds."""

from dataclasses import dataclass, replace

from service.deltas import Delta
from service.messages import Correspondence, unnumbered
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

    def over(self, correspondence: Correspondence) -> Correspondence:
        """Make these changes to what a store holds: those it lacks, and of the edits those whose row is as they found it.

        Where a row stands as the last of them left it, the earlier ones are done: one may have found the same and undo that.
        """
        last = {delta.place: delta for delta in self.deltas}
        done = {place for place, delta in last.items() if delta.is_in(correspondence)}
        for delta in self.deltas:
            if delta.place in done and delta is not last[delta.place]:
                continue
            if delta.fits(correspondence) or (delta.repeated and not delta.append):
                put = replace(delta, repeated=False).put_into(correspondence.section(delta.content_type))
                correspondence = correspondence.with_section(put)
        return correspondence

    def beside(self, files: Correspondence) -> Correspondence:
        """Give the files with what an old copy written over them took away: the answer while the database is down."""
        wanted = self.over(files)
        merged = [merge(file, wanted.section(file.content_type), _OUTAGE, self.edits) for file in files.sections]
        return replace(files, sections=tuple(one.section for one in merged))
