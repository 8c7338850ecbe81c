"""The CIF store: one deposition's three files, read strictly and changed under the lock."""

import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path

from service.changes import AppendMessage, Change
from service.errors import DamagedFile, FileUnavailable, MessagingError
from service.messages import CATEGORY_NAMES, Correspondence, Message, Section
from service.storage.base import (
    ABSENT,
    OK,
    WRITTEN,
    Answer,
    Applied,
    Keeping,
    Moved,
    Observer,
    Outcome,
    Signatures,
    Snapshot,
    Waiting,
    same_signature,
    timed,
    unknown_deposition,
)
from service.storage.cif import files, referee, rows, signature, splice
from service.storage.cif.beyond import beyond
from service.storage.cif.document import FRAME, Layout, is_blank
from service.storage.cif.lock import Locks
from service.storage.cif.mirror import Mirror
from service.storage.cif.paths import Site
from service.storage.cif.reader import Held, Reader
from service.storage.cif.settled import Settled
from service.storage.cif.splice import Put
from service.storage.cif.view import FilesView, Opened
from service.storage.durable import faults, is_directory, sync_path
from service.vocabulary import CONTENT_TYPES, TO_DEPOSITOR


class CifStore:
    """Keep correspondences in the legacy files under `cif_root`."""

    name = "cif"

    def __init__(self, site: Site, locks: Locks, *, create: bool, observer: Observer) -> None:
        self.site = site
        self._locks = locks
        self._create = create
        self._observer = observer
        self._comparer = signature.Comparer()
        self._reader = Reader()
        self._settled = Settled()
        self.mirror = Mirror(site, locks.state_dir, observer)

    def read(self, deposition_data_set_id: str) -> Answer:
        """Give a correspondence; raise NotFound, FileUnavailable or DamagedFile."""
        found = self.snapshot(deposition_data_set_id)
        return Answer(found.correspondence, self.name, tag=found.tag)

    def apply(self, change: Change) -> Outcome:
        """Make a change durable in its file."""
        return Outcome(self.write(change).delta, {self.name: WRITTEN})

    def snapshot(self, deposition_data_set_id: str) -> Snapshot:
        """Read the three files with their signatures; a missing or 0-byte file holds nothing yet."""
        with timed(self._observer, self.name, "read"):
            return self._settled.get(deposition_data_set_id) or self._read(deposition_data_set_id)

    def _read(self, deposition_data_set_id: str) -> Snapshot:
        look = self._settled.look(self.site.directory(deposition_data_set_id))
        paths = self._known(deposition_data_set_id)
        read = {c: self._reader.read(path, c) for c, path in paths.items()}
        sections = tuple(section for section, _ in read.values())
        found = Snapshot(Correspondence(deposition_data_set_id, sections), {c: signed for c, (_, signed) in read.items()})
        if look is not None:
            self._settled.keep(look, paths, found)
        return found

    def write(self, change: Change, keeping: Keeping = lambda *_: nullcontext()) -> Applied:
        """Resolve a change under the lock of its file, keep it, and splice it in; nothing is written when it raises.

        Raises StoreUnavailable where it could not be written, and others have taken it from where it was kept.
        """
        key, content_type = change.deposition_data_set_id, change.content_type
        located = self._located(key, create=self._create and isinstance(change, AppendMessage))
        with timed(self._observer, self.name, "write"), located as paths, self._locks.held(paths[content_type]):
            opened = self._opened(paths[content_type], content_type)
            delta = change.resolve(FilesView(self._reader, paths, opened))
            if not delta:
                if isinstance(change, AppendMessage) and content_type == TO_DEPOSITOR:  # the first try may have died before
                    self.mirror.follow(key, paths[content_type].name, [opened.data])
                return Applied(delta, opened.held.signature, opened.held.signature, time.time_ns())
            known, before = opened.held.section, opened.held.signature
            new = delta.put_into(known) if known is not None else None
            with keeping(delta, before) as copy:
                after = self._replace(key, paths[content_type], opened, rows.changing(delta, opened.of), new)
            return Applied(delta, before, after, time.time_ns(), copy)

    def _opened(self, path: Path, content_type: str) -> Opened:
        """Open a file for a change. One that is changed again is read whole, so that its rows are known from then on."""
        again = self._reader.is_known(path)
        data, held = self._reader.open(path, content_type, ours=True)
        if again:
            held = replace(held, section=self._reader.section(path, data, held))
        return Opened(data, held)

    def put(
        self,
        deposition_data_set_id: str,
        new: Section,
        found: str,
        wait: float | None,
        still: Waiting = lambda: True,
        *,
        anew: bool = False,
    ) -> str:
        """Bring a file that is as it was found to another content, and give its signature.

        Waits `wait` seconds for the lock, or as long as a change does. With `anew` nothing of the old content stays. Raises
        Moved where the file was changed since, or what the content was made of does not stand any more.
        """
        content_type = new.content_type
        located = self._located(deposition_data_set_id, create=True)
        with timed(self._observer, self.name, "sync"), located as paths, self._locks.held(paths[content_type], wait):
            path = paths[content_type]
            data, held = self._reader.open(path, content_type, ours=True)
            if not same_signature(held.signature, found) or not still():
                raise Moved
            if anew:
                data, held = b"", Held(content_type, ABSENT, 0, Layout({}, 0), Section(content_type))
            old = self._reader.section(path, data, held)
            return self._replace(deposition_data_set_id, path, Opened(data, held), rows.between(old, new), new)

    def mirror_again(self) -> Iterator[tuple[str, FileUnavailable | DamagedFile]]:
        """Copy for the depositors what could not be copied; give what cannot be still, and why. Raises FileUnavailable."""
        for key in self.mirror.missed():
            paths = self.site.files(key)
            if paths is None:
                self.mirror.forget(key)
                continue
            path = paths[TO_DEPOSITOR]
            try:
                with self._locks.held(path):
                    self.mirror.copy(key, path.name, [self._reader.open(path, TO_DEPOSITOR, ours=True)[0]])
            except (FileUnavailable, DamagedFile) as error:
                yield key, error

    def matches(self, deposition_data_set_id: str, recorded: Signatures) -> bool:
        """Tell by `stat`, and by content where that is not conclusive, whether all files are as recorded."""
        paths = self.site.files(deposition_data_set_id)
        if paths is None:
            return all(recorded.get(c) == ABSENT for c in CONTENT_TYPES)
        with faults(self.site.directory(deposition_data_set_id)):
            return all(self._comparer.matches(path, recorded.get(c)) for c, path in paths.items())

    def is_readable(self, deposition_data_set_id: str) -> bool:
        """Tell whether this process may read all files that a deposition has."""
        paths = self.site.files(deposition_data_set_id) or {}
        return all(os.access(path, os.R_OK, effective_ids=True) or not path.exists() for path in paths.values())

    def beyond(self, deposition_data_set_id: str) -> dict[str, tuple[str, ...]]:
        """Name for each file what it holds beyond the four categories. Raises NotFound, FileUnavailable and DamagedFile."""
        paths = self._known(deposition_data_set_id)
        return {c: beyond(self._reader.recall(path) or self._reader.open(path, c)[1]) for c, path in paths.items()}

    def has_block(self, deposition_data_set_id: str, content_type: str) -> bool:
        """Tell whether a file has a block, if without rows; an undamaged one that is not blank has. Raises NotFound."""
        path = self._known(deposition_data_set_id)[content_type]
        with faults(path):
            found = files.read(path)
        return found is None or not is_blank(found[0])  # one that changes under us has something in it

    def note_locks(self) -> None:
        """Walk the tree for locks of other programs, so that they are seen before a writer waits for one.

        Raises FileUnavailable.
        """
        self._locks.note_foreign(self.site.locks())

    def is_ready(self) -> bool:
        """Tell whether the tree of the files is there. Raises FileUnavailable where that cannot be seen."""
        return is_directory(self.site.cif_root / "archive")

    def probe(self) -> Mapping[str, str]:
        """Lock, write, read and remove a probe file where the depositions' directories are."""
        root = self.site.cif_root / "archive"
        path = root / f".probe-{os.uname().nodename}-{os.getpid()}-{threading.get_ident()}"
        self.site.require_root("D_0")
        with faults(root), self._locks.held(path):
            files.replace(path, [FRAME])
            found = files.read(path)
            path.unlink()
        if found is None or found[0] != FRAME:
            raise FileUnavailable(f"{root} does not give back what was written")
        return {self.name: OK}

    def _known(self, deposition_data_set_id: str) -> dict[str, Path]:
        paths = self.site.files(deposition_data_set_id)
        if paths is None:
            raise unknown_deposition(deposition_data_set_id)
        return paths

    def _located(self, deposition_data_set_id: str, *, create: bool) -> AbstractContextManager[dict[str, Path]]:
        """Find a deposition's files; one that has no directory gets it where it may, for what succeeds in it."""
        paths = self.site.files(deposition_data_set_id)
        if create and paths is None:
            return self._begun(deposition_data_set_id)
        return nullcontext(paths or self._known(deposition_data_set_id))

    @contextmanager
    def _begun(self, deposition_data_set_id: str) -> Iterator[dict[str, Path]]:
        """Make the directory of a deposition; it goes again with what fails in it, unless another writer was luckier."""
        directory = self.site.directory(deposition_data_set_id)
        with faults(directory):
            directory.mkdir(exist_ok=True)  # and nothing above it: a missing mount stays missing
            sync_path(directory.parent)
        try:
            yield self._known(deposition_data_set_id)
        except MessagingError:
            with suppress(OSError):
                directory.rmdir()
            raise

    def _replace(
        self, deposition_data_set_id: str, path: Path, opened: Opened, puts: Iterable[Put], new: Section | None
    ) -> str:
        """Splice rows into an opened file, read them back, and replace it; give its new signature."""
        layout, puts = opened.held.layout, list(puts)
        edits = [edit for put in puts for edit in splice.edits(opened.data, layout, put)]
        referee.confirm(opened.data, edits)
        pieces = splice.pieces(opened.data, edits)
        is_message = any(put.category == CATEGORY_NAMES[Message] for put in puts)
        checksum = signature.spliced(opened.held.signature, opened.data, pieces)
        with faults(path):
            signed = files.replace(path, pieces, checksum=checksum, snapshot=is_message)
        content_type, size = opened.held.content_type, sum(map(len, pieces))
        self._reader.keep(path, Held(content_type, signed, size, splice.moved(opened.data, layout, edits), new))
        if is_message and content_type == TO_DEPOSITOR:
            self.mirror.follow(deposition_data_set_id, path.name, pieces)
        return signed
