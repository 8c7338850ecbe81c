"""A folder of its own as the target of an export: `<folder>/<ID>/<ID>_<type>_P1.cif.V1`, and a list of what was written."""

import json
from pathlib import Path

from service.errors import Conflict, NotFound
from service.messages import Section
from service.storage.base import ABSENT, Moved, Observer, Snapshot, same_signature, unknown_deposition
from service.storage.cif.lock import Locks
from service.storage.cif.paths import Site
from service.storage.cif.store import CifStore
from service.storage.durable import append_line, faults, make_directory
from service.storage.guard import GuardedDatabase
from service.storage.pending import Pending
from service.sync.export import Outcome
from service.sync.kept import steady
from service.sync.restore import no_files
from service.vocabulary import CONTENT_TYPES

_LIST = ".exported.jsonl"


class Folder:
    """Write the files of depositions anew into a folder; run again, it goes on where it stopped.

    A file that it did not write is touched only where `overwrite` says so, unless it holds the same already.
    """

    def __init__(
        self, root: Path, database: GuardedDatabase, state_dir: Path, lock_timeout: float, *, overwrite: bool
    ) -> None:
        with faults(root):
            make_directory(root)
        self._site = _Flat(root)
        self._cif = CifStore(self._site, Locks(state_dir, lock_timeout, Observer()), create=True, observer=Observer())
        self._database = database
        self._pending = Pending(state_dir)
        self._overwrite = overwrite
        self._list = root / _LIST
        self._written = self._read_list()

    def bring(self, deposition_data_set_id: str) -> Outcome:
        """Write what the database holds of a deposition, with what is kept for it; empty files are not made."""
        key = deposition_data_set_id
        known, kept = steady(self._pending, key, lambda: self._database.snapshot(key))
        if known is None:
            raise unknown_deposition(key)
        wanted = kept.over(known.correspondence)
        found = self._found(key)
        changed = [c for c in CONTENT_TYPES if wanted.section(c) != found.correspondence.section(c)]
        for content_type in changed:
            self._replace(key, wanted.section(content_type), str(found.signatures[content_type]))
        return Outcome.WRITTEN if changed else Outcome.UNCHANGED

    def _found(self, deposition_data_set_id: str) -> Snapshot:
        try:
            return self._cif.snapshot(deposition_data_set_id)
        except NotFound:
            return no_files(deposition_data_set_id)

    def _replace(self, deposition_data_set_id: str, new: Section, found: str) -> None:
        paths = self._site.files(deposition_data_set_id)
        name = f"{deposition_data_set_id}_{new.content_type}_P1.cif.V1"
        if found != ABSENT and paths is not None:
            path = paths[new.content_type]
            name = path.name
            if not self._overwrite and not same_signature(self._written.get(name), found):
                raise Conflict(f"{path} is there and was not written by this export; give --overwrite to replace it")
        try:
            signed = self._cif.put(deposition_data_set_id, new, found, None, anew=True)
        except Moved as error:
            raise Conflict(f"{name} was written by another program meanwhile; run the export again") from error
        self._tell(name, signed)

    def _tell(self, name: str, signed: str) -> None:
        with faults(self._list):
            append_line(self._list, json.dumps({"file": name, "signature": signed}).encode(), durable=False)

    def _read_list(self) -> dict[str, str]:
        """Read what was written before: by file name, the signature it had then."""
        with faults(self._list):
            try:
                lines = self._list.read_bytes().splitlines()
            except FileNotFoundError:
                return {}
        return dict(filter(None, map(_said, lines)))


def _said(line: bytes) -> tuple[str, str] | None:
    """Read a line of the list; one that a crash cut short says nothing of its file."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry["file"], entry["signature"]


class _Flat(Site):
    """All depositions and groups right under the root."""

    def _root(self, deposition_data_set_id: str) -> Path:  # noqa: ARG002 - one root holds all
        return self.cif_root
