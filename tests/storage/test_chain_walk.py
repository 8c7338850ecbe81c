"""The model test's walk over stores in memory: what it takes hours for over real ones, this finds in minutes.

Chain, sync, merge and kept changes are the real ones, and what they keep in `state_dir` are files. A failure prints its seed
and every event up to it; `make walk WALKS=20000` walks further than the test run does, on another way each time.
"""

import os
import random
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

import pytest
from support.dual import DEP
from support.history import History, copy_of
from support.memory import MemoryFiles, MemoryRows
from support.world import STEPS, Died

from service.changes import AppendMessage, EditDraft, MarkRead, Tag
from service.errors import Conflict, NotFound, StoreUnavailable
from service.messages import Correspondence, Message
from service.storage.base import Observer
from service.storage.chain import DatabaseAnswers, FilesAnswer
from service.storage.cif.store import CifStore
from service.storage.guard import GuardedDatabase
from service.storage.markers import Markers
from service.storage.pending import Pending
from service.sync.sync import Sync
from service.vocabulary import CONTENT_TYPES, NOTES, TO_DEPOSITOR

EVENTS = 25
#: The steps of a change before which others may come.
CROSSED: list[tuple[str | type, str]] = [
    *(("cif", method) for method in ("matches", "snapshot", "write", "put")),
    *(("database", method) for method in ("state", "snapshot", "record", "bring", "apply")),
    *((Pending, method) for method in ("has", "of", "brought", "keep", "newest", "secure", "keep_on", "forget")),
    *((Markers, method) for method in ("set", "clear")),
]
Chain = type[FilesAnswer] | type[DatabaseAnswers]
CHAINS: list[Chain] = [FilesAnswer, DatabaseAnswers]
Own = AppendMessage | EditDraft | MarkRead | Tag


class Walk:
    """One deposition, a worker, a legacy program, a database and a lock, and what happens to them by chance."""

    def __init__(self, seed: int, chain: Chain, state_dir: Path) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - a way to walk, no secret
        self.files, self.rows = MemoryFiles(), MemoryRows()
        self.sync, self.chain = self.worker(chain, state_dir)
        _, self.other = self.worker(self.chance.choice(CHAINS), state_dir)  # it may still be in the profile before
        self.history = History()
        self.copies: list[Correspondence] = []
        self.told: list[str] = []
        self.tell = self.told.append
        self.content_types: dict[str, str] = {}
        self.count = 0

    def worker(self, chain: Chain, state_dir: Path) -> tuple[Sync, FilesAnswer | DatabaseAnswers]:
        cif, database = cast(CifStore, self.files), cast(GuardedDatabase, self.rows)
        sync = Sync(cif, database, state_dir, database_answers=chain is DatabaseAnswers, observer=Observer())
        return sync, chain(cif, database, sync, state_dir, Observer())

    def go(self) -> None:
        """Let things happen, repair everything, and compare both stores with each other and with what was acknowledged."""
        self.change(self.new())
        for _ in range(EVENTS):
            events = (self.ours, self.take, self.overwrite, self.switch_database, self.lock)
            self.chance.choices(events, (45, 10, 15, 15, 8))[0]()
            if self.chance.random() < 0.5:
                with suppress(StoreUnavailable):
                    self.read()
        self.rows.is_down, self.files.locked = False, set()
        self.tell("everything is up")
        if self.history.texts or self.history.unanswered:
            assert not self.sync.run(DEP, "walk").behind
            found = self.rows.snapshot(DEP)
            assert found is not None
            assert found.correspondence == self.files.held
            self.read()

    def ours(self) -> None:
        """Make a change; one in seven times the worker dies at a step of it, and one in seven something happens there."""
        change, kind = self.any_change(), self.chance.random()
        if kind < 1 / 7:
            self.die(change)
        elif kind < 3 / 7:
            self.cross(change)
        else:
            self.change(change)

    def cross(self, change: Own) -> None:
        """Make a change, or read, and let others happen right before a step of it."""
        owner, method = self.chance.choice(CROSSED)
        store, skipped = {"cif": self.files, "database": self.rows}.get(str(owner), owner), self.chance.randrange(4)
        call = getattr(store, method)

        def late(*given: Any, **more: Any) -> Any:
            nonlocal skipped
            skipped -= not self.rows.is_held
            if skipped < 0:
                patched.stop()
                self.tell(f"meanwhile, before {owner} {method}")
                for _ in range(self.chance.randint(1, 3)):
                    self.chance.choices((self.another, self.take, self.overwrite, self.switch_database), (6, 1, 3, 1))[0]()
                self.tell("it goes on")
            return call(*given, **more)

        patched = patch.object(store, method, late)
        patched.start()
        try:
            if self.chance.random() < 0.75:
                self.change(change)
            else:
                self.tell("a read, or a sync")
                with suppress(StoreUnavailable):
                    self.chance.choice((self.chain.read, lambda key: self.sync.run(key, "walk")))(DEP)
        finally:
            patched.stop()

    def another(self) -> None:
        """Let another worker make a change, or read; where it writes the database alone, an old copy's row is a conflict."""
        if self.files.locked and type(self.other) is not type(self.chain):
            return
        self.chain, self.other = self.other, self.chain
        with suppress(StoreUnavailable):
            self.read() if self.chance.random() < 0.3 else self.change(self.any_change())
        self.chain, self.other = self.other, self.chain

    def die(self, change: Own) -> None:
        """Let the worker die at a step of a change."""
        store, method, behind = self.chance.choice(STEPS)
        owner = self.files if store == "cif" else self.rows
        call = getattr(owner, method)

        def die(*given: Any) -> None:
            if behind:
                call(*given)
            raise Died

        with patch.object(owner, method, die):
            try:
                self.change(change)
            except Died:
                self.tell(f"dies at {store} {method}, {'behind' if behind else 'before'} it")
                self.history.doubt(change)

    def change(self, change: Own) -> None:
        self.tell(str(change))
        was_disturbed = self.is_disturbed()
        message_id = change.message.message_id if isinstance(change, AppendMessage) else change.message_id
        with self.history.meanwhile(str(message_id)) as meanwhile:
            try:
                delta = self.chain.apply(change).delta
            except Conflict as error:
                self.tell(f"refused: {error.message}")
                return
            except (NotFound, StoreUnavailable) as error:
                self.tell(f"refused: {error.message}")
                if not (was_disturbed or self.is_disturbed()):
                    raise AssertionError("refused without a reason") from error
                return
        self.tell(f"acknowledged: {delta.row}")
        self.history.acknowledge(change, delta.status, meanwhile)

    def is_disturbed(self) -> bool:
        return self.rows.is_down or bool(self.files.locked)

    def read(self) -> None:
        try:
            answer = self.chain.read(DEP)
        except NotFound:
            assert not self.history.texts
            return
        except StoreUnavailable:
            assert self.is_disturbed()
            raise
        rows = [*((m.message_id, m.message_text) for m in answer.correspondence.messages), *answer.correspondence.statuses]
        self.tell(f"read from {answer.served_by}: {rows}")
        self.history.check(answer)

    def take(self) -> None:
        """Let the legacy program read the files; it writes them later."""
        self.tell(f"copy {len(self.copies)} is taken")
        self.copies.append(self.files.held)

    def overwrite(self) -> None:
        """Let it write a copy over what stands there, with a message of its own."""
        if not self.copies:
            return
        copy = self.copies.pop(number := self.chance.randrange(len(self.copies)))
        self.tell(f"copy {number} is written: {copy.statuses} {[(m.message_id, m.message_text) for m in copy.messages]}")
        section = copy.section(TO_DEPOSITOR)
        own = Message(TO_DEPOSITOR, str(len(section.messages) + 1), self.name("L"), DEP, "2026-01-02 03:04:05")
        self.files.overwrite(replace(section, messages=(*section.messages, own)))
        self.files.overwrite(copy.section(NOTES))
        self.history.overwritten(copy_of(copy))

    def switch_database(self) -> None:
        self.rows.is_down = not self.rows.is_down
        self.tell("the database is down" if self.rows.is_down else "the database is up")

    def lock(self) -> None:
        """Let a foreign program lock a file, or give it up."""
        self.files.locked = set() if self.files.locked else {self.chance.choice(CONTENT_TYPES)}
        self.tell(f"locked: {self.files.locked}")

    def new(self) -> AppendMessage:
        name, content_type = self.name("m"), self.chance.choices((TO_DEPOSITOR, NOTES), (6, 1))[0]
        self.content_types[name] = content_type
        message = Message(content_type, None, name, DEP, "2026-01-02 03:04:05", message_text=name, send_status="N")
        return AppendMessage(DEP, message)

    def any_change(self) -> Own:
        """Choose a change: of a message, a new one, or the repeat of one that was not answered."""
        known, unanswered = sorted(self.history.texts), list(self.history.unanswered.values())
        kind = self.chance.random()
        if not known or kind < 0.25:
            return self.new()
        if unanswered and kind < 0.4:
            return self.chance.choice(unanswered)
        message_id = self.chance.choice(known)
        if kind < 0.55:
            return MarkRead(DEP, message_id)
        if kind < 0.85:
            return Tag(DEP, message_id, *(self.chance.choice("YN") for _ in range(3)))
        edits = {"message_text": self.name("e")}
        return EditDraft(DEP, self.content_types[message_id], message_id, "2026-02-02 02:02:02", edits)

    def name(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"


@pytest.mark.parametrize("chain", CHAINS)
def test_no_acknowledged_change_is_lost_or_contradicted_on_any_way(
    tmp_path: Path, chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # nobody draws the plug here
    first, walks = (time.time_ns(), int(os.environ["WALKS"])) if "WALKS" in os.environ else (1, 150)
    for seed in range(first, first + walks):
        walk = Walk(seed, chain, tmp_path / str(seed))
        try:
            walk.go()
        except AssertionError as error:
            pytest.fail("\n".join([f"seed {seed}: {error}", *walk.told]), pytrace=False)
