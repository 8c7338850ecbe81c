"""Lists of messages over all depositions, from the store that answers reads.

The database answers with what it holds, after the changes that are kept for it are brought in. What a legacy program wrote
since the last access to its deposition shows once that deposition is read, reconciled, or named in the list: no list
compares a quarter of a million files. From the files, each is read, so such a list takes as long as reading the archive.
"""

from collections.abc import Iterable, Iterator

from service.errors import (
    DamagedFile,
    DatabaseNotReady,
    DatabaseUnavailable,
    FileUnavailable,
    NotFound,
    StaleAnswerRefused,
)
from service.letters import letters
from service.messages import Correspondence
from service.pieces import newest_first
from service.storage.base import Store
from service.storage.build import Stores
from service.storage.markers import Markers
from service.storage.pending import Pending
from service.window import Begin, Found, Place, Slice, Wanted, sent_at
from settings import Profile

#: Messages that the database is asked for at once.
_SLICE = 500


class Listing:
    """A list as it is read: its messages, the store they come from, and what could not be read.

    `unverified` says that the files were not compared with the database, as a read of one deposition does.
    """

    def __init__(self, served_by: str, found: Iterable[Found], unreadable: list[str], *, unverified: bool) -> None:
        self.served_by = served_by
        self.unverified = unverified
        #: Depositions that the list lacks, each with why; complete once the list was read to its end.
        self.unreadable = unreadable
        self._found = found

    def __iter__(self) -> Iterator[Found]:
        return iter(self._found)


class Recent:
    """List messages as the profile reads: from the database, or from the files."""

    def __init__(self, stores: Stores, profile: Profile, chain: Store) -> None:
        self._stores = stores
        self._profile = profile
        self._chain = chain
        self._pending = Pending(stores.state_dir)
        self._markers = Markers(stores.state_dir)

    def listing(self, wanted: Wanted, behind: Place | None = None, limit: int | None = None) -> Listing:
        """List from behind a place, newest first; a caller who takes no more than `limit` says so.

        Raises StoreUnavailable where the store that answers is down, unless the files may answer in its place: they lack
        nothing and the profile lets them.
        """
        if self._profile.reads != self._stores.database.name:
            return self._from_files(wanted, behind)
        try:
            unreadable = self._settle(wanted)
            first = self._slice(wanted, Begin(behind), limit)
        except (DatabaseUnavailable, DatabaseNotReady, StaleAnswerRefused):
            if self._profile.fallback != self._stores.cif.name:
                raise
            self._refuse_stale(wanted)
            return self._from_files(wanted, behind)
        return Listing(self._stores.database.name, self._slices(wanted, first, limit), unreadable, unverified=False)

    def _settle(self, wanted: Wanted) -> list[str]:
        """Read, and so sync, the depositions that are named, or for which changes are kept outside the database.

        Gives those whose files cannot be read, each with why: the list may lack what waits for them.
        """
        unreadable: list[str] = []
        for key in wanted.depositions or self._pending.depositions():
            try:
                self._chain.read(key)
            except NotFound:
                continue
            except (DamagedFile, FileUnavailable) as error:
                unreadable.append(f"{key}: {error.message}")
        return unreadable

    def _refuse_stale(self, wanted: Wanted) -> None:
        behind = [d for d in self._markers.depositions() if not wanted.depositions or d in wanted.depositions]
        if behind:
            self._stores.observer.stale_refused()
            raise StaleAnswerRefused(
                f"the database is down and the files of {len(behind)} depositions lack changes; try again when it is back",
                depositions=behind[:5],
            )
        self._stores.observer.read_fell_back()

    def _slice(self, wanted: Wanted, begin: Begin, limit: int | None) -> Slice:
        return self._stores.database.recent(wanted, begin, min(limit or _SLICE, _SLICE))

    def _slices(self, wanted: Wanted, first: Slice, limit: int | None) -> Iterator[Found]:
        current = first
        while True:
            yield from current.found
            if current.rest is None:
                return
            current = self._slice(wanted, current.rest, limit)

    def _from_files(self, wanted: Wanted, behind: Place | None) -> Listing:
        unreadable: list[str] = []
        found = (f for c in self._correspondences(wanted, unreadable) for f in found_in(c, wanted))
        rest = (f for f in found if behind is None or f.place < behind)
        name = self._stores.cif.name
        unverified = self._profile.is_dual or bool(self._pending.depositions())
        return Listing(name, newest_first(rest), unreadable, unverified=unverified)

    def _correspondences(self, wanted: Wanted, unreadable: list[str]) -> Iterator[Correspondence]:
        """Read the files of each deposition; through the chain where a change may wait outside of them."""
        waiting = {*wanted.depositions, *self._pending.depositions(), *self._markers.depositions()}
        for deposition_data_set_id in wanted.depositions or self._stores.cif.site.depositions():
            store: Store = self._chain if deposition_data_set_id in waiting else self._stores.cif
            try:
                yield store.read(deposition_data_set_id).correspondence
            except (DamagedFile, FileUnavailable) as error:
                unreadable.append(f"{deposition_data_set_id}: {error.message}")
            except NotFound:
                continue


def found_in(correspondence: Correspondence, wanted: Wanted) -> Iterator[Found]:
    """Give the wanted messages of one deposition, in no order."""
    key = correspondence.deposition_data_set_id
    placed = [
        (Place(sent_at(message.timestamp), key, section.content_type, n), message)
        for section in correspondence.sections
        for n, message in enumerate(section.messages, 1)
    ]
    admitted = [(place, message) for place, message in placed if wanted.admits(place, message)]
    found = letters(correspondence, (message for _, message in admitted))
    for (place, _), letter in zip(admitted, found, strict=True):
        yield Found(place, letter.message, letter.files, letter.status)
