"""What a path of the legacy programs stands for: a file of the site, kept by the profile's stores, or a file elsewhere."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from service.embedded import Program
from service.ids import read_deposition_id
from service.storage.base import Store
from service.storage.cif.paths import Site
from service.storage.cif.reentry import OwnLocks
from service.storage.cif.store import CifStore
from service.vocabulary import CONTENT_TYPES, TO_DEPOSITOR, is_deposition_id, is_group

_NAME = re.compile(rf"(?P<id>[DG]_[0-9]+)_(?P<type>{'|'.join(CONTENT_TYPES)})_P[0-9]+\.cif(?:\.V[0-9]+)?", re.IGNORECASE)
#: The id under which a file elsewhere is worked on; no site has it.
_ELSEWHERE = "D_0"


@dataclass(frozen=True, slots=True)
class Place:
    """Which rows a path stands for: whose, in which of the three files, in what store.

    `files` is the store that the file itself is in, where there is one; `elsewhere` names a file outside the site.
    """

    deposition: str
    content_type: str
    store: Store
    files: CifStore
    elsewhere: str | None = None

    def is_same(self, other: "Place | None") -> bool:
        """Tell whether two paths stand for the same rows."""
        return other is not None and all(
            getattr(self, name) == getattr(other, name) for name in ("deposition", "content_type", "elsewhere")
        )


class OneFile(Site):
    """A message file outside the site's tree as a site of its own; all its categories are those of one file."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.parent)
        self._path = path

    def directory(self, deposition_data_set_id: str) -> Path:
        return self._path.parent

    def files(self, deposition_data_set_id: str) -> dict[str, Path] | None:
        """Give the one file; the two others are names that nobody uses."""
        unused = self._path.with_name(f".{self._path.name}.none")
        return {c: self._path if c == TO_DEPOSITOR else unused for c in CONTENT_TYPES}

    def depositions(self) -> Iterator[str]:
        yield _ELSEWHERE

    def mirror(self, deposition_data_set_id: str) -> Path | None:
        return None


def place_of(program: Program, path: str, deposition_id: str | None = None) -> Place:
    """Tell what a path stands for; an explicit deposition id wins over that in the name, but for a group's (section 13).

    The file of a group is the group's, whichever of its depositions a program works for (K19).

    A name of a message file in the site's tree, or in a directory that does not exist, is a file of the site; its version is
    not looked at, for the store knows the latest. Everything else is a file elsewhere. Raises InvalidInput.
    """
    name = _NAME.fullmatch(Path(path).name)
    stated = None if deposition_id is None else read_deposition_id("deposition_id", deposition_id)
    if name is None or not is_deposition_id(name["id"].upper()) or _is_elsewhere(program, Path(path)):
        return file_place(program, Path(path))
    content_type = next(c for c in CONTENT_TYPES if c == name["type"].lower())
    named = name["id"].upper()
    owner = named if is_group(named) else stated or named
    return Place(owner, content_type, program.chain(), program.services.stores.cif)


def file_place(program: Program, path: Path) -> Place:
    """Give the place of one file, wherever it lies, and whatever the profile's stores hold; a missing one has no rows."""
    locks = locks_of(program, program.settings.lock_timeout)
    store = CifStore(OneFile(path), locks, create=False, observer=program.services.metrics)
    return Place(_ELSEWHERE, TO_DEPOSITOR, store, store, os.path.realpath(path))


def has_block(program: Program, place: Place) -> bool:
    """Tell whether a place is a file with a block in it, if without rows; a database knows rows alone. Raises NotFound."""
    is_file = place.elsewhere is not None or place.files.name in program.profile().writes
    return is_file and place.files.has_block(place.deposition, place.content_type)


def locks_of(program: Program, timeout: float) -> OwnLocks:
    """Give the locks of this site's files, with another patience than the settings'."""
    return OwnLocks(program.settings.state_dir, timeout, program.services.metrics)


def _is_elsewhere(program: Program, path: Path) -> bool:
    directory, root = os.path.realpath(path.parent), os.path.realpath(program.settings.cif_root)
    return path.parent.is_dir() and Path(root) not in Path(directory).parents
