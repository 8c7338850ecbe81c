"""Put a backup into a site: first it is read whole and checked, then rows, files and state are put in place."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import chain
from pathlib import Path

from service.backup.content import TREE, message_files, state_files
from service.backup.manifest import Entry, Manifest, Shown, entries, unseen, verified
from service.backup.write import back_up
from service.errors import Conflict, DamagedBackup, MessagingError
from service.services import Services
from service.storage.cif.files import snapshots
from service.storage.database import schema
from service.storage.database.dump import Rows, is_filled, loaded
from service.storage.durable import faults, make_directory, write_new
from service.sync.verified import VerifyRecord
from settings import Settings

_ACTIVE = "state/profile.json"


def restore(
    found: Services, root: Path, complain: Callable[[str], None], aside: Path | None = None, shown: Shown = unseen
) -> Manifest:
    """Restore a site and give the manifest of its backup. The active profile comes last, and makes the site a whole one.

    What a site holds already is backed up into the folder `aside`, and then replaced; without one only an empty site is
    restored into. A site whose restore broke off is not whole and does not start; any restore then goes on without asking.
    In profiles with both stores each deposition is synced then, so that the database knows the new files; one that cannot be
    is complained of. Raises NotFound, DamagedBackup or Conflict before anything is touched.
    """
    manifest = verified(root, shown)
    settings, file = found.settings, found.switching.file
    goes_on, begin = file.unfinished() is not None, partial(file.begin_restore, root.resolve())
    _require_same_site(manifest, settings)
    there = _first_file(settings)
    if there and not goes_on:
        if aside is None:
            raise Conflict(f"the site is not empty, it holds {there} for one; restore into an empty site, or with --confirm")
        _require_replaceable(found, manifest)
    if manifest.tables:
        schema.initialise(settings, adopt=False)
    replaced = aside if not goes_on and (there or (manifest.tables and is_filled(settings))) else None
    if replaced is not None:
        back_up(found, replaced, shown, replaced_by=manifest)
    if manifest.tables:
        rows = _tables(root, manifest.tables, shown)
        loaded(settings, rows, manifest.tables, begin, replace=goes_on or replaced is not None)
    else:
        begin()
    _remove_others(root, settings)
    _put_all(root, "files/", settings.cif_root, shown)
    _put_all(root, "state/", settings.state_dir, shown)
    _sync_all(found, manifest, complain, shown)
    VerifyRecord(settings.state_dir).forget()
    for entry in entries(root, _ACTIVE):
        _put(root, entry, settings.state_dir / "profile.json")
    file.end_restore()
    return manifest


def _require_same_site(manifest: Manifest, settings: Settings) -> None:
    """Raise Conflict for the backup of another site: its depositions are not those of this one, however alike their ids."""
    if manifest.site_id != settings.site_id:
        raise Conflict(f"the backup is one of site {manifest.site_id}, and this is {settings.site_id}; name it in `site_id`")


def _first_file(settings: Settings) -> Path | None:
    """Give one of the files that a backup would replace; the database is looked at later."""
    return next(chain(_message_files(settings), state_files(settings.state_dir)), None)


def _message_files(settings: Settings) -> Iterator[Path]:
    with faults(settings.cif_root):
        yield from (path for folder in TREE for _, paths in message_files(settings.cif_root, folder) for path in paths)


def _sync_all(found: Services, manifest: Manifest, complain: Callable[[str], None], shown: Shown) -> None:
    """Have the database know the files that were put in place, in profiles that have both."""
    profile = found.settings.profile_named(manifest.profile)
    if not profile.is_dual:
        return
    sync = found.stores.sync(profile)
    for deposition_data_set_id in shown(found.stores.cif.site.depositions(), manifest.depositions, "sync"):
        try:
            sync.run(deposition_data_set_id, "restore")
        except MessagingError as error:
            complain(f"{deposition_data_set_id}: {error.message}")


def _require_replaceable(found: Services, manifest: Manifest) -> None:
    """Raise Conflict for a site that is served, or whose rows this backup has none to replace with."""
    workers = found.runtime.workers.all()
    if workers:
        raise Conflict(f"{len(workers)} workers serve this site, one is {workers[0]['host']}/{workers[0]['pid']}; stop them")
    if not manifest.tables and found.profile.uses_database:
        raise Conflict("the backup has no database rows and the site has; switch to cif-only, then restore")


def _remove_others(root: Path, settings: Settings) -> None:
    """Remove what the backup does not hold, for it is later; first what says that the site is whole."""
    held = {entry.path for entry in entries(root)} - {_ACTIVE}
    with faults(settings.state_dir):
        for path in state_files(settings.state_dir):
            if f"state/{path.relative_to(settings.state_dir)}" not in held:
                path.unlink(missing_ok=True)
    with faults(settings.cif_root):
        for path in _message_files(settings):
            if f"files/{path.relative_to(settings.cif_root)}" not in held:
                for name in (str(path), *snapshots(path)):
                    Path(name).unlink(missing_ok=True)
                if not any(path.parent.iterdir()):
                    path.parent.rmdir()  # a deposition that is later than the backup


def _tables(root: Path, tables: Mapping[str, int], shown: Shown) -> Iterator[tuple[str, Rows]]:
    for name, count in tables.items():
        yield name, shown(_rows(root / "database" / f"{name}.jsonl"), count, name)


def _rows(path: Path) -> Rows:
    with path.open("rb") as lines:
        for line in lines:
            yield json.loads(line)


def _put_all(root: Path, below: str, target: Path, shown: Shown) -> None:
    with faults(target):
        for folder in TREE if below == "files/" else ():
            make_directory(target / folder)
        for entry in shown(entries(root, below), None, below):
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
