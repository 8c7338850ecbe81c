"""Back a site up while it is served.

The order makes it consistent: the rows as they were at one moment; then the files, which hold at least what was acknowledged
by then; then the changes that wait outside the database, which must be all that waited when it began. What a file holds
beyond the rows, the sync brings in again.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import fields
from pathlib import Path

from service.backup.content import TREE, content_type, message_files, state_files
from service.backup.manifest import Folder, Manifest, Shown, unseen, verified
from service.clock import utc_now
from service.errors import Conflict, DamagedFile
from service.services import Services
from service.storage.cif.paths import Site
from service.storage.cif.reader import Reader
from service.storage.database.dump import Rows, dumped
from service.storage.durable import faults
from service.storage.pending import Pending
from settings import Settings

#: The password, what follows from the rest, and who may do what.
_NOT_SHOWN = frozenset({"database_url", "profile", "profiles", "origins", "remote_users"})
_NO_DATABASE: tuple[None, Iterator[tuple[str, Rows]]] = (None, iter(()))


def back_up(found: Services, root: Path, shown: Shown = unseen, *, replaced_by: Manifest | None = None) -> Manifest:
    """Write a backup into an empty or new folder, read it back, and give its manifest.

    A file that is damaged is kept as it is and named in the manifest. What is not finished leaves the folder empty. Before a
    site is `replaced_by` another backup, whatever is there is backed up: rows that the profile does not use, and a tree
    that was lost. Raises Conflict for a folder that holds something, FileUnavailable and DatabaseUnavailable.
    """
    for place in (found.settings.state_dir, found.settings.cif_root):
        if root.resolve().is_relative_to(place.resolve()):
            raise Conflict(f"{root} lies in {place}, which is backed up; name a folder outside")
    with faults(root):
        root.mkdir(0o700, parents=True, exist_ok=True)
        if any(root.iterdir()):
            raise Conflict(f"{root} is not empty; name a new folder")
        with _finished_or_empty(root):
            with Folder(root) as folder:
                _fill(folder, found, shown, replaced_by=replaced_by)
            return verified(root, shown)


@contextmanager
def _finished_or_empty(root: Path) -> Iterator[None]:
    """Empty a folder where it is not filled to the end: half a backup stands in the way of the next, and is none."""
    is_finished = False
    try:
        yield
        is_finished = True
    finally:
        if not is_finished:
            for path in root.iterdir():
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def _fill(folder: Folder, found: Services, shown: Shown, *, replaced_by: Manifest | None) -> None:
    active, pending = found.switching.active(), Pending(found.settings.state_dir)
    kept = pending.acknowledged()
    profile = found.settings.profile_named(active.profile)
    reader = _Files(found.settings)
    has_rows = profile.uses_database or (replaced_by is not None and bool(replaced_by.tables))
    with dumped(found.settings) if has_rows else nullcontext(_NO_DATABASE) as (identity, tables):
        counts = {name: _add_rows(folder, name, shown(rows, None, name)) for name, rows in tables}
    if profile.writes_cif and replaced_by is None:
        Site(found.settings.cif_root).require_root("D_0")
    files = sum(_add_files(folder, reader, below, shown) for below in TREE)
    _add_state(folder, found.settings)
    if not kept <= pending.acknowledged():  # the rows were read before, and a file may have been an old copy
        raise Conflict("changes that waited for a store were brought in meanwhile; back up again")
    if found.switching.active().epoch != active.epoch:
        raise Conflict("the profile was switched meanwhile; back up again")
    folder.close(
        Manifest(
            made=utc_now(),
            site_id=found.settings.site_id,
            profile=active.profile,
            epoch=active.epoch,
            identity=identity,
            depositions=len(reader.depositions),
            files=files,
            tables=counts,
            unreadable=tuple(reader.unreadable),
        )
    )


class _Files:
    """Read message files whole, whoever is writing them; note what is damaged."""

    def __init__(self, settings: Settings) -> None:
        self.cif_root = settings.cif_root
        self.depositions: set[str] = set()
        self.unreadable: list[str] = []
        self._reader = Reader()

    def read(self, path: Path) -> bytes:
        if kind := content_type(path):
            try:
                return self._reader.open(path, kind)[0]
            except DamagedFile as error:
                self.unreadable.append(error.message)
        with faults(path):
            return path.read_bytes()


def _add_rows(folder: Folder, table: str, rows: Rows) -> int:
    return folder.add_lines(f"database/{table}.jsonl", (json.dumps(row).encode() + b"\n" for row in rows))


def _add_files(folder: Folder, reader: _Files, below: str, shown: Shown) -> int:
    count = 0
    for deposition_data_set_id, paths in shown(message_files(reader.cif_root, below), None, below):
        reader.depositions.add(deposition_data_set_id)
        for path in paths:
            data = reader.read(path)
            with faults(path):
                mode = path.stat().st_mode & 0o7777
            folder.add(f"files/{path.relative_to(reader.cif_root)}", data, mode)
            count += 1
    return count


def _add_state(folder: Folder, settings: Settings) -> None:
    for path in state_files(settings.state_dir):
        with faults(path), suppress(FileNotFoundError):  # a kept change was brought in meanwhile
            folder.add(f"state/{path.relative_to(settings.state_dir)}", path.read_bytes(), path.stat().st_mode & 0o7777)
    names = [field.name for field in fields(settings) if field.name not in _NOT_SHOWN]
    shown = {name: getattr(settings, name) for name in names}
    folder.add("settings.json", json.dumps(shown, default=str, indent=1).encode())
