"""What of a site belongs into a backup: message files by their names, and what `state_dir` keeps for good."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from service.active import UNFINISHED
from service.storage.durable import faults
from service.vocabulary import CONTENT_TYPES, is_deposition_id

#: Folders of the tree (reference section 1).
TREE = ("archive", "autogroup", "deposit")
#: What only says something about running processes and commands.
_PASSING = {"workers", "turns", "underway", "owners", "stuck-locks", UNFINISHED}
#: That, secrets, and what says which site and database these are, and what was found in them.
_NOT_KEPT = frozenset({"local-token", "forms.key", "environment", "database.json", "verify.json"} | _PASSING)
_FILE = re.compile(r"(.+)_(" + "|".join(CONTENT_TYPES) + r")_P1\.cif(?:\.V[0-9]+)?", re.ASCII)
#: Whether the notes of a deposition are to be flagged; the legacy programs keep it beside the messages.
_FLAGS = frozenset({"NOTES_FLAGGING_STATUS", "NOTES_FLAGGING_STATUS_BMRB"})


def message_files(cif_root: Path, folder: str) -> Iterator[tuple[str, list[Path]]]:
    """Give each deposition of a folder of the tree with its message files, of any version or none, and its notes flags."""
    root = cif_root / folder
    with faults(root):
        names = sorted(os.listdir(root)) if root.is_dir() else []
        for name in names:
            directory = root / name
            if is_deposition_id(name) and (directory.is_dir() or directory.is_symlink()):
                with faults(directory):
                    files = sorted(os.listdir(directory))
                yield name, [directory / file for file in files if _is_of(name, file)]


def content_type(path: Path) -> str:
    """Tell by its name which of the three files a path is; none for a notes-flag file."""
    found = _FILE.fullmatch(path.name)
    return found.group(2) if found else ""


def state_files(state_dir: Path) -> Iterator[Path]:
    """Give the files of the state directory that outlive a process."""
    for folder, folders, names in os.walk(state_dir):
        folders[:] = sorted(name for name in folders if name not in _NOT_KEPT)
        for name in sorted(names):
            if name not in _NOT_KEPT and not name.endswith((".lock", ".tmp")):
                yield Path(folder) / name


def _is_of(deposition_data_set_id: str, name: str) -> bool:
    found = _FILE.fullmatch(name)
    return name in _FLAGS or (found is not None and found.group(1) == deposition_data_set_id)
