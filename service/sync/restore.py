"""Give files back what an old copy took away of the changes that only wait for the database."""

from service.storage.base import Moved
from service.storage.cif.store import CifStore
from service.storage.pending import Pending
from service.sync.kept import Kept


def restore(cif: CifStore, pending: Pending, deposition_data_set_id: str) -> None:
    """Bring the files of a deposition up from kept changes alone. Raises FileUnavailable and DamagedFile.

    The files are read before what is kept: what a sync has brought in and forgotten by then is in them, and not made again.
    """
    while pending.has(deposition_data_set_id):
        found = cif.snapshot(deposition_data_set_id)
        wanted = Kept.of(pending, deposition_data_set_id).beside(found.correspondence)
        try:
            for new in wanted.sections:
                if new != found.correspondence.section(new.content_type):
                    cif.put(deposition_data_set_id, new, str(found.signatures[new.content_type]), None)
            return
        except Moved:
            continue  # another writer was quicker: look again
