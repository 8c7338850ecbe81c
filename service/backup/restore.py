"""Put a backup into an empty site: first it is read whole and checked, then rows, files and state are put in place."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from service.backup.content import TREE, message_files, state_files
from service.backup.manifest import Entry, Manifest, entries, verified
from service.errors import Conflict, DamagedBackup, MessagingError
from service.services import Services
from service.storage.database import schema
from service.storage.database.dump import Rows, loaded
from service.storage.durable import faults, make_directory, write_new
from settings import Settings

_ACTIVE = "state/profile.json"


def restore(found: Services, root: Path, complain: Callable[[str], None]) -> Manifest:
    """Restore a site and give the manifest of its backup. The active profile comes last, and makes the site a whole one.

    In profiles with both stores each deposition is synced then, so that the database knows the new files; one that cannot be
    is complained of. Raises NotFound, DamagedBackup or Conflict before anything is touched.
    """
    manifest = verified(root)
    settings = found.settings
    require_empty(settings)
    if manifest.tables:
        schema.initialise(settings, adopt=False)
        loaded(settings, _tables(root, manifest.tables), manifest.tables)
    _put_all(root, "files/", settings.cif_root)
    _put_all(root, "state/", settings.state_dir)
    profile = settings.profile_named(manifest.profile)
    if profile.is_dual:
        sync = found.stores.sync(profile)
        for deposition_data_set_id in found.stores.cif.site.depositions():
            try:
                sync.run(deposition_data_set_id, "restore")
            except MessagingError as error:
                complain(f"{deposition_data_set_id}: {error.message}")
    for entry in entries(root, _ACTIVE):
        _put(root, entry, settings.state_dir / "profile.json")
    return manifest


def require_empty(settings: Settings) -> None:
    """Raise Conflict for a site whose folders hold what a backup would bring; its database is looked at later."""
    with faults(settings.cif_root):
        there = [paths[0] for folder in TREE for _, paths in message_files(settings.cif_root, folder) if paths]
    there += state_files(settings.state_dir)
    if there:
        raise Conflict(f"the site is not empty, it holds {there[0]} for one; restore into an empty site only")


def _tables(root: Path, tables: Mapping[str, int]) -> Iterator[tuple[str, Rows]]:
    for name in tables:
        yield name, _rows(root / "database" / f"{name}.jsonl")


def _rows(path: Path) -> Rows:
    with path.open("rb") as lines:
        for line in lines:
            yield json.loads(line)


def _put_all(root: Path, below: str, target: Path) -> None:
    with faults(target):
        for folder in TREE if below == "files/" else ():
            make_directory(target / folder)
        for entry in entries(root, below):
            if entry.path != _ACTIVE:
                _put(root, entry, target / entry.path.removeprefix(below))


def _put(root: Path, entry: Entry, path: Path) -> None:
    """Put one file in its place, and read it back."""
    data = (root / entry.path).read_bytes()
    with faults(path):
        make_directory(path.parent)
        write_new(path, data, entry.mode)
        if path.read_bytes() != data:
            raise DamagedBackup(f"{path} does not give back what was written")
