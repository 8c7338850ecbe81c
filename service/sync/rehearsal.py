"""What an import would do, from the same merge as the sync; nothing is written."""

from collections.abc import Iterator, Sequence

from service.errors import DatabaseNotReady, DatabaseUnavailable, MessagingError, NotFound
from service.messages import Correspondence
from service.storage.base import Snapshot, same_signature, unknown_deposition
from service.sync.kept import Kept
from service.sync.merge import Facts, compare, merge
from service.sync.odd import odd
from service.sync.restore import no_files
from service.sync.transfer import Imported, Importer, failed, inserted
from service.vocabulary import CONTENT_TYPES


class DryRun(Importer):
    """Import without writing anything."""

    def added(self, new: Sequence[Snapshot]) -> Iterator[Imported]:
        """Say what a batch of new depositions would insert."""
        return map(inserted, new)

    def synced(self, deposition_data_set_id: str) -> Imported:
        """Say what a sync would do."""
        try:
            return self._merged(deposition_data_set_id)
        except (DatabaseUnavailable, DatabaseNotReady):
            raise
        except MessagingError as error:
            return failed(deposition_data_set_id, error)

    def _merged(self, deposition_data_set_id: str) -> Imported:
        key = deposition_data_set_id
        recorded = self._database.snapshot(key)
        found = self._found(key, recorded)
        known = recorded or Snapshot(Correspondence(key))
        kept = Kept.of(self._pending, key)
        rows, replaced = kept.over_database(known, found.correspondence)
        merged = []
        for c in CONTENT_TYPES:
            is_changed = not same_signature(known.signatures.get(c), found.signatures[c])
            facts = Facts(is_changed, known.cif_behind, self._sync.database_answers)
            merged.append(merge(found.correspondence.section(c), rows.section(c), facts, kept.edits))
        new = Correspondence(key, tuple(one.section for one in merged))
        done = compare(known.correspondence, new)
        healed, conflicts = sum(one.healed for one in merged), sum(len(one.conflicts) for one in merged) + len(replaced)
        return Imported(key, done.added, done.updated, done.unchanged, healed, conflicts, odd=odd(new))

    def _found(self, deposition_data_set_id: str, recorded: Snapshot | None) -> Snapshot:
        try:
            return self._cif.snapshot(deposition_data_set_id)
        except NotFound:
            if recorded is None:
                raise unknown_deposition(deposition_data_set_id) from None
            return no_files(deposition_data_set_id)
