"""The CIF store: one deposition's three files, read strictly and changed under the lock."""

import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from service.changes import AppendMessage, Change, Delta
from service.errors import DamagedFile, FileUnavailable
from service.messages import Correspondence, Section
from service.storage.base import (
    OK,
    WRITTEN,
    Answer,
    Applied,
    Observer,
    Outcome,
    Signatures,
    Snapshot,
    timed,
    unknown_deposition,
)
from service.storage.cif import files, referee, rows, signature
from service.storage.cif.document import FRAME, DamagedCif, scan
from service.storage.cif.lock import locked
from service.storage.cif.paths import Site
from service.storage.durable import faults, sync_directory
from service.vocabulary import CONTENT_TYPES, TO_DEPOSITOR

#: Seconds in which a file that looks cut or empty, while a legacy program may be writing it in place, is read again.
_PATIENCE, _PAUSE = 0.3, 0.03


class CifStore:
    """Keep correspondences in the legacy files under `cif_root`."""

    name = "cif"

    def __init__(self, site: Site, lock_timeout: float, *, create: bool, observer: Observer) -> None:
        self.site = site
        self._lock_timeout = lock_timeout
        self._create = create
        self._observer = observer
        self._comparer = signature.Comparer()

    def read(self, deposition_data_set_id: str) -> Answer:
        """Give a correspondence; raise NotFound, FileUnavailable or DamagedFile."""
        return Answer(self.snapshot(deposition_data_set_id).correspondence, self.name)

    def apply(self, change: Change) -> Outcome:
        """Make a change durable in its file."""
        return Outcome(self.write(change).delta, {self.name: WRITTEN})

    def snapshot(self, deposition_data_set_id: str) -> Snapshot:
        """Read the three files with their signatures; a missing or 0-byte file holds nothing yet."""
        with timed(self._observer, self.name, "read"):
            paths = self._known(deposition_data_set_id)
            read = {c: self._read(path, c) for c, path in paths.items()}
        sections = tuple(section for _, section, _ in read.values())
        signatures = {c: signed for c, (_, _, signed) in read.items()}
        return Snapshot(Correspondence(deposition_data_set_id, sections), signatures)

    def write(self, change: Change) -> Applied:
        """Resolve a change under the lock of its file and splice it in; nothing is written when it raises."""
        key, content_type = change.deposition_data_set_id, change.content_type
        paths = self._located(key, create=self._create and isinstance(change, AppendMessage))
        resolved: list[Delta] = []

        def target(fresh: Section) -> Section:
            sections = tuple(fresh if c == content_type else self._read(p, c)[1] for c, p in paths.items())
            resolved.append(change.resolve(Correspondence(key, sections)))
            return resolved[0].put_into(fresh)

        with timed(self._observer, self.name, "write"):
            before, after = self._edit(key, paths[content_type], target, self._lock_timeout)
        return Applied(resolved[0], before, after)

    def put(
        self, deposition_data_set_id: str, content_type: str, target: Callable[[Section], Section], wait: float | None
    ) -> str:
        """Bring a file to what a merge makes of its present rows, and give its signature.

        Waits `wait` seconds for the lock, or as long as a change does.
        """
        path = self._located(deposition_data_set_id, create=True)[content_type]
        wait = self._lock_timeout if wait is None else min(wait, self._lock_timeout)
        with timed(self._observer, self.name, "sync"):
            return self._edit(deposition_data_set_id, path, target, wait)[1]

    def matches(self, deposition_data_set_id: str, recorded: Signatures) -> bool:
        """Tell by `stat`, and by content where that is not conclusive, whether all files are as recorded."""
        paths = self.site.files(deposition_data_set_id)
        if paths is None:
            return all(recorded.get(c) == signature.ABSENT for c in CONTENT_TYPES)
        with faults(self.site.directory(deposition_data_set_id)):
            return all(self._comparer.matches(path, recorded.get(c)) for c, path in paths.items())

    def is_ready(self) -> bool:
        """Tell whether the tree of the files is there."""
        return (self.site.cif_root / "archive").is_dir()

    def probe(self) -> Mapping[str, str]:
        """Lock, write, read and remove a probe file where the depositions' directories are."""
        root = self.site.cif_root / "archive"
        path = root / f".probe-{os.uname().nodename}-{os.getpid()}-{threading.get_ident()}"
        with faults(root), locked(path, self._lock_timeout, self._observer):
            self.site.require_root("D_0")
            files.replace(path, FRAME)
            data, _ = files.read(path)
            path.unlink()
        if data != FRAME:
            raise FileUnavailable(f"{root} does not give back what was written")
        return {self.name: OK}

    def _known(self, deposition_data_set_id: str) -> dict[str, Path]:
        paths = self.site.files(deposition_data_set_id)
        if paths is None:
            raise unknown_deposition(deposition_data_set_id)
        return paths

    def _located(self, deposition_data_set_id: str, *, create: bool) -> dict[str, Path]:
        """Find a deposition's files; make its directory where it has none and may have one."""
        if create and self.site.files(deposition_data_set_id) is None:
            directory = self.site.directory(deposition_data_set_id)
            with faults(directory):
                directory.mkdir(exist_ok=True)
                sync_directory(directory.parent)
        return self._known(deposition_data_set_id)

    def _read(self, path: Path, content_type: str, *, ours: bool = False) -> tuple[bytes, Section, str]:
        """Read one file strictly; one that looks cut or empty while it may be in motion is given a moment (section 6)."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            with faults(path):
                data, signed = files.read(path)
                last = time.monotonic() > deadline or not files.in_motion(path, ours=ours)
            try:
                section = rows.section_of(scan(data), content_type)
            except DamagedCif as error:
                if last:
                    raise _damaged(path, error) from error
            else:
                if data or last or signed == signature.ABSENT:
                    return data, section, signed
            time.sleep(_PAUSE)

    def _edit(
        self, deposition_data_set_id: str, path: Path, target: Callable[[Section], Section], wait: float
    ) -> tuple[str, str]:
        """Bring one file to its target under its lock; give its signatures before and after."""
        content_type = self.site.content_type(path)
        with locked(path, wait, self._observer):
            data, old, before = self._read(path, content_type, ours=True)
            new = target(old)
            if new == old:
                return before, before
            changed = _spliced(path, data, old, new)
            with faults(path):
                if new.messages != old.messages:
                    files.keep_snapshot(path)
                after = files.replace(path, changed)
            if new.messages != old.messages and content_type == TO_DEPOSITOR:
                self._mirror(deposition_data_set_id, path.name, changed)
            return before, after

    def _mirror(self, deposition_data_set_id: str, name: str, data: bytes) -> None:
        """Copy the to-depositor file for the depositors (section 1.1); the archive copy holds when this fails."""
        directory = self.site.mirror(deposition_data_set_id)
        if directory is None:
            return
        try:
            files.replace(directory / name, data)
        except OSError as error:
            self._observer.mirror_failed(f"{directory / name}: {error.strerror}")


def _damaged(path: Path, error: DamagedCif) -> DamagedFile:
    return DamagedFile(
        f"{path} is damaged: {error}; nothing is written to it. Restore it from {path.name}.PREV0 or a backup",
        path=str(path),
    )


def _spliced(path: Path, data: bytes, old: Section, new: Section) -> bytes:
    """Splice, and read the result back with both readers before it may replace anything."""
    changed = rows.spliced(data, old, new)
    for (_, before), (_, after) in zip(old.categories(), new.categories(), strict=True):
        for row in set(after) - set(before):
            referee.confirm(row)
    if rows.section_of(scan(changed), new.content_type) != new:
        raise referee.UnreadableRow(f"{path}: the changed file does not read back as it was meant")
    return changed
