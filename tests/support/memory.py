"""Stores in memory of one deposition that answer as the real ones do, so that a walk of thousands of steps takes seconds."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from service.changes import AppendMessage, Change
from service.conflicts import Difference
from service.deltas import Delta
from service.errors import DatabaseUnavailable, FileUnavailable
from service.messages import Correspondence, Section
from service.storage.base import (
    ABSENT,
    WRITTEN,
    Answer,
    Applied,
    Files,
    Keeping,
    Merging,
    Moved,
    Outcome,
    Recorded,
    Signatures,
    Snapshot,
    Waiting,
    unknown_deposition,
)
from service.vocabulary import CONTENT_TYPES
from support.dual import DEP


class MemoryFiles:
    """What a CifStore is to a chain. A file that another program has locked is not written by ours."""

    name = "cif"

    def __init__(self) -> None:
        self.held = Correspondence(DEP)
        self.signatures: dict[str, str] = dict.fromkeys(CONTENT_TYPES, ABSENT)
        self.locked: set[str] = set()
        self._count = 0

    def snapshot(self, key: str) -> Snapshot:
        if set(self.signatures.values()) == {ABSENT}:
            raise unknown_deposition(key)
        return Snapshot(self.held, dict(self.signatures))

    def read(self, key: str) -> Answer:
        return Answer(self.snapshot(key).correspondence, self.name)

    def matches(self, _key: str, recorded: Signatures) -> bool:
        return all(recorded.get(content_type) == signed for content_type, signed in self.signatures.items())

    def write(self, change: Change, keeping: Keeping) -> Applied:
        self._require_free(change.content_type)
        delta, before = change.resolve(self.held), self.signatures[change.content_type]
        if not delta:
            return Applied(delta, before, before, time.time_ns())
        with keeping(delta, before) as copy:
            self.overwrite(delta.put_into(self.held.section(delta.content_type)))
        return Applied(delta, before, self.signatures[change.content_type], time.time_ns(), copy)

    def put(self, _key: str, new: Section, found: str, _wait: float | None, still: Waiting) -> str:
        self._require_free(new.content_type)
        if self.signatures[new.content_type] != found or not still():
            raise Moved
        self.overwrite(new)
        return self.signatures[new.content_type]

    def overwrite(self, section: Section) -> None:
        """Put a file in place of the old one, whoever does it."""
        self._count += 1
        self.held = self.held.with_section(section)
        self.signatures[section.content_type] = f"signature {self._count}"

    def _require_free(self, content_type: str) -> None:
        if content_type in self.locked:
            raise FileUnavailable(f"the {content_type} file is locked")


class MemoryRows:
    """What a GuardedDatabase is to a chain (the rules are those of service/storage/database/store.py)."""

    name = "database"

    def __init__(self) -> None:
        self.is_down = False
        self.is_held = False  # somebody holds the deposition's row: no other writer comes between
        self._held: Snapshot | None = None

    def snapshot(self, _key: str) -> Snapshot | None:
        self._require_up()
        return self._held

    def current(self, key: str) -> Snapshot | None:
        return self.snapshot(key)

    def state(self, key: str) -> Snapshot | None:
        found = self.snapshot(key)
        return found and replace(found, correspondence=Correspondence(key))

    def apply(self, change: Change, waiting: Waiting) -> Outcome:
        self._require_up()
        with self._locked():
            if waiting():
                raise Moved
        if self._held is None and not isinstance(change, AppendMessage):
            raise unknown_deposition(change.deposition_data_set_id)
        held = self._state()
        delta = change.resolve(held.correspondence)
        if delta:
            self._held = replace(_with(held, delta), version=held.version + 1, cif_behind=True)
        return Outcome(delta, {self.name: WRITTEN})

    def record(self, _key: str, applied: Applied, waits: Waiting) -> Recorded:
        self._require_up()
        with self._locked():
            if not waits():
                return Recorded.BROUGHT
        held, delta, file, after = self._state(), applied.delta, applied.delta.content_type, applied.after
        in_step = held.signatures.get(file) in {applied.before, after} and not held.cif_behind
        fits = delta.fits(held.correspondence)
        is_here = fits or delta.is_in(held.correspondence)
        signatures = {**held.signatures, file: after if in_step and is_here else None}
        self._held = replace(_with(held, delta) if fits else held, version=held.version + 1, signatures=signatures)
        if not is_here:
            return Recorded.CROSSED
        return Recorded.IN_STEP if in_step else Recorded.OUT_OF_STEP

    def bring(self, _key: str, files: Files, merged: Merging) -> Correspondence:
        self._require_up()
        held = self._state()
        with self._locked():
            new, _ = merged(held)
        signatures: dict[str, str | None] = {
            c: None for c in CONTENT_TYPES if new.section(c) != held.correspondence.section(c)
        }
        complete = {c for c, (section, _) in files.items() if new.section(c) == section}
        behind = held.cif_behind and len(complete) < len(CONTENT_TYPES)
        signatures |= {c: signed if behind or c in complete else None for c, (_, signed) in files.items()}
        self._held = Snapshot(new, {**held.signatures, **signatures}, held.version + (new != held.correspondence), behind)
        return new

    def note(self, _key: str, _decided: Sequence[Difference]) -> None:
        self._require_up()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.is_held = True
        try:
            yield
        finally:
            self.is_held = False

    def _state(self) -> Snapshot:
        return self._held or Snapshot(Correspondence(DEP), dict.fromkeys(CONTENT_TYPES))

    def _require_up(self) -> None:
        if self.is_down:
            raise DatabaseUnavailable("the database is down")


def _with(held: Snapshot, delta: Delta) -> Snapshot:
    """Put the rows of a change."""
    section = delta.put_into(held.correspondence.section(delta.content_type))
    return replace(held, correspondence=held.correspondence.with_section(section))
