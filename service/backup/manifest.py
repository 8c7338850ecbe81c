"""The manifest of a backup: what it holds, with a checksum of every file; the manifest has one of its own."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol, Self, TypeVar

from service.errors import DamagedBackup, NotFound
from service.storage.durable import faults, write_new

T = TypeVar("T")
_NAME, _SIGNED, _ENTRIES = "manifest.json", "manifest.sha256", "entries.jsonl"


class Shown(Protocol):
    """How a long work is shown while it is done; `total` may be unknown."""

    def __call__(self, work: Iterable[T], total: int | None, what: str) -> Iterator[T]: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a backup: its path in it, its size in bytes, its SHA-256, and the mode it is put back with."""

    path: str
    size: int
    sha256: str
    mode: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was backed up, when and of which site; `tables` counts rows and is empty where the profile has no database."""

    made: str
    site_id: str
    profile: str
    epoch: int
    identity: str | None
    depositions: int
    files: int
    tables: Mapping[str, int]
    unreadable: tuple[str, ...]
    entries_sha256: str = field(default="")


class Folder:
    """A folder that becomes a backup: files are added, which only its owner may read, then the manifest closes it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._entries = _private(root / _ENTRIES)
        self._sum = hashlib.sha256()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._entries.close()

    def add(self, path: str, data: bytes, mode: int = 0o640) -> None:
        """Write a file and its entry."""
        with _private(self._place(path)) as file:
            file.write(data)
        self._enter(Entry(path, len(data), hashlib.sha256(data).hexdigest(), mode))

    def add_lines(self, path: str, lines: Iterable[bytes]) -> int:
        """Write a file line by line, and its entry; give the number of lines."""
        count, size, checksum = 0, 0, hashlib.sha256()
        with _private(self._place(path)) as file:
            for line in lines:
                file.write(line)
                checksum.update(line)
                count, size = count + 1, size + len(line)
        self._enter(Entry(path, size, checksum.hexdigest(), 0o640))
        return count

    def close(self, manifest: Manifest) -> None:
        """Make everything durable and then the folder a backup."""
        self._entries.close()
        os.sync()
        data = json.dumps(asdict(manifest) | {"entries_sha256": self._sum.hexdigest()}, indent=1).encode()
        write_new(self.root / _SIGNED, _signature(data))
        write_new(self.root / _NAME, data)

    def _place(self, path: str) -> Path:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def _enter(self, entry: Entry) -> None:
        line = json.dumps(asdict(entry)).encode() + b"\n"
        self._entries.write(line)
        self._sum.update(line)


def unseen(work: Iterable[T], total: int | None, what: str) -> Iterator[T]:  # noqa: ARG001 - the shape of Shown
    """Show nothing of the work."""
    return iter(work)


def verified(root: Path, shown: Shown = unseen) -> Manifest:
    """Read a backup whole and compare it with its manifest. Raises NotFound for none, DamagedBackup for a changed one."""
    if not (root / _NAME).is_file():
        raise NotFound(f"{root} is no backup: there is no {_NAME} in it")
    with faults(root):
        data = (root / _NAME).read_bytes()
        if not (root / _SIGNED).is_file() or (root / _SIGNED).read_bytes() != _signature(data):
            raise DamagedBackup(f"{root / _NAME} does not fit {_SIGNED}: one of them was changed")
        values = json.loads(data)
        if _checksum(root / _ENTRIES) != values["entries_sha256"]:
            raise DamagedBackup(f"{root / _ENTRIES} is not as the manifest says")
        for entry in shown(entries(root), None, "read back"):
            if _checksum(root / entry.path) != entry.sha256:
                raise DamagedBackup(f"{root / entry.path} is missing, or not as the manifest says")
    return Manifest(**values | {"unreadable": tuple(values["unreadable"])})


def entries(root: Path, below: str = "") -> Iterator[Entry]:
    """Give the files of a backup, or those below a folder of it."""
    with (root / _ENTRIES).open("rb") as lines:
        for line in lines:
            entry = Entry(**json.loads(line))
            if entry.path.startswith(below):
                yield entry


def _private(path: Path) -> BinaryIO:
    return open(path, "wb", opener=lambda name, flags: os.open(name, flags, 0o600))


def _signature(data: bytes) -> bytes:
    return f"{hashlib.sha256(data).hexdigest()}  {_NAME}\n".encode()


def _checksum(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None
