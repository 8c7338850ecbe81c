"""Give files back what an old copy took away of the changes that only wait for the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from service.conflicts import Difference
from service.errors import FileUnavailable, NotFound
from service.messages import Correspondence
from service.storage.base import ABSENT, Moved, Snapshot
from service.storage.cif.store import CifStore
from service.storage.pending import Pending
from service.sync.conflict_log import ConflictLog
from service.sync.kept import Kept
from service.sync.merge import Merged
from service.vocabulary import CONTENT_TYPES


def restore(cif: CifStore, pending: Pending, log: ConflictLog, deposition_data_set_id: str) -> None:
    """Bring the files of a deposition up from kept changes alone; note what they lose that another program may have meant.

    The files are read before what is kept: what a sync has brought in and forgotten by then is in them, and not made again.
    Raises FileUnavailable and DamagedFile.
    """
    _Restore(cif, pending, log, deposition_data_set_id).run()


class _Restore:
    """One restore: it looks again until no other writer comes between."""

    def __init__(self, cif: CifStore, pending: Pending, log: ConflictLog, deposition_data_set_id: str) -> None:
        self._cif = cif
        self._pending = pending
        self._log = log
        self._key = deposition_data_set_id
        self._noted: set[Difference] = set()

    def run(self) -> None:
        while self._pending.has(self._key):
            with still_there(self._pending, self._key):
                found = self._cif.snapshot(self._key)
            kept = Kept.of(self._pending, self._key)
            try:
                for merged in kept.merged_with(found.correspondence):
                    self._bring(found, kept, merged)
                return
            except Moved:
                continue  # another writer was quicker

    def _bring(self, found: Snapshot, kept: Kept, merged: Merged) -> None:
        """Write a file that is as it was found. Raises Moved where it is not, or less is kept than there was."""
        content_type = merged.section.content_type
        decided = partial(self._is_decided, kept, merged)
        if merged.section != found.correspondence.section(content_type):
            self._cif.put(self._key, merged.section, str(found.signatures[content_type]), None, decided)
        elif merged.conflicts and not (self._cif.matches(self._key, found.signatures) and decided()):
            raise Moved
        self._pending.tell_written(kept.begun(content_type))

    def _is_decided(self, kept: Kept, merged: Merged) -> bool:
        """Tell whether the decision on a file that did not move stands; then note what is lost by it."""
        if not is_still_kept(self._pending, self._key, kept):
            return False
        self._log.add(self._key, [conflict for conflict in merged.conflicts if conflict not in self._noted])
        self._noted.update(merged.conflicts)
        return True


@contextmanager
def still_there(pending: Pending, deposition_data_set_id: str) -> Iterator[None]:
    """Tell a deposition whose directory vanished, while changes of it are kept, from one that nobody knows.

    What else the files held only the database can tell. Raises FileUnavailable.
    """
    try:
        yield
    except NotFound as error:
        if not Kept.of(pending, deposition_data_set_id).deltas:
            raise
        raise FileUnavailable(
            f"the directory of {deposition_data_set_id} is gone, and changes of it wait for the database; "
            "put it back from a backup, or wait until the database answers"
        ) from error


def no_files(deposition_data_set_id: str) -> Snapshot:
    """Give what is found of a deposition that has no files."""
    return Snapshot(Correspondence(deposition_data_set_id), dict.fromkeys(CONTENT_TYPES, ABSENT))


def is_still_kept(pending: Pending, deposition_data_set_id: str, kept: Kept) -> bool:
    """Tell whether all that was kept is so still: whoever failed to write its file has taken it back."""
    return kept.copies <= pending.copies(deposition_data_set_id)
