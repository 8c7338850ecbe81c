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
from service.vocabulary import CONTENT_TYPES


def restore(cif: CifStore, pending: Pending, log: ConflictLog, deposition_data_set_id: str) -> None:
    """Bring the files of a deposition up from kept changes alone; note what they lose that another program may have meant.

    The files are read before what is kept: what a sync has brought in and forgotten by then is in them, and not made again.
    Raises FileUnavailable and DamagedFile.
    """
    noted: set[Difference] = set()
    while pending.has(deposition_data_set_id):
        with still_there(pending, deposition_data_set_id):
            found = cif.snapshot(deposition_data_set_id)
        kept = Kept.of(pending, deposition_data_set_id)
        wanted = kept.merged_with(found.correspondence)
        waits = partial(is_still_kept, pending, deposition_data_set_id, kept)
        try:
            for merged in wanted:
                new, content_type = merged.section, merged.section.content_type
                log.add(deposition_data_set_id, [conflict for conflict in merged.conflicts if conflict not in noted])
                noted.update(merged.conflicts)
                if new != found.correspondence.section(content_type):
                    cif.put(deposition_data_set_id, new, str(found.signatures[content_type]), None, waits)
                pending.tell_written(kept.begun(content_type))
            return
        except Moved:
            continue  # another writer was quicker: look again


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
