"""Give files back what an old copy took away of the changes that only wait for the database."""

from service.storage.base import Moved
from service.storage.cif.store import CifStore
from service.sync.kept import Kept


def restore(cif: CifStore, deposition_data_set_id: str, kept: Kept) -> None:
    """Bring the files of a deposition up from kept changes alone. Raises FileUnavailable and DamagedFile."""
    while kept.deltas:
        found = cif.snapshot(deposition_data_set_id)
        wanted = kept.beside(found.correspondence)
        try:
            for new in wanted.sections:
                if new != found.correspondence.section(new.content_type):
                    cif.put(deposition_data_set_id, new, str(found.signatures[new.content_type]), None)
            return
        except Moved:
            continue  # another writer was quicker: look again
