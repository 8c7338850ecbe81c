"""Anything at any time: writers, repeats, legacy programs, outages, locks, deaths and switches in random order.

After each step every acknowledged change is answered, or the answer is a 503; it may only be missing where the answer says
`unverified` and a legacy program wrote an old copy over the file (DESIGN.md section 5). At the end both stores are equal.
`make model STEPS=10000` walks further than the test run does, on another way each time.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from support import mariadb
from support.dual import DEP
from support.history import Copy, History, copy_of
from support.proxy import Proxy
from support.site import PROFILES, make_site
from support.world import STEPS, Died, World

from service.changes import AppendMessage, EditDraft, MarkRead, Tag
from service.errors import Conflict, MessagingError, NotFound, StoreUnavailable
from service.messages import Message, Status
from service.vocabulary import NOTES, TO_DEPOSITOR

WORKERS, STEPS_OF_ONE = 3, 50
WORKER = st.integers(0, WORKERS - 1)
pytestmark = pytest.mark.mariadb


class Model(RuleBasedStateMachine):
    """One deposition of one site from its first message on."""

    proxy: ClassVar[Proxy]

    @initialize()
    def begin(self) -> None:
        self.history = History()
        self.copies: list[Copy] = []
        self.content_types: dict[str, str] = {}
        self.count = 0
        self.unseen = 0
        self.held = mariadb.fresh_database()
        url = self.held.__enter__().replace(str(mariadb.PORT), str(self.proxy.port))
        self.world = World(make_site(Path(tempfile.mkdtemp()), url), self.proxy, WORKERS)
        self.make(0, self.new(draft=True))

    def teardown(self) -> None:
        try:
            self.settle()
        finally:
            self.world.close()
            self.held.__exit__(None, None, None)

    @rule(worker=WORKER, draft=st.booleans(), notes=st.booleans())
    def append(self, worker: int, *, draft: bool, notes: bool) -> None:
        self.make(worker, self.new(draft=draft, notes=notes))

    @rule(worker=WORKER, data=st.data())
    def change(self, worker: int, data: st.DataObject) -> None:
        self.make(worker, self.any_change(data))

    @rule(worker=WORKER, data=st.data())
    @precondition(lambda self: self.history.unanswered)
    def send_again(self, worker: int, data: st.DataObject) -> None:
        unanswered = self.history.unanswered
        self.make(worker, unanswered[data.draw(st.sampled_from(sorted(unanswered)))])

    @rule(worker=WORKER, step=st.sampled_from(STEPS), data=st.data(), new=st.booleans())
    def die(self, worker: int, step: tuple[str, str, bool], data: st.DataObject, *, new: bool) -> None:
        change = self.new(draft=True) if new else self.any_change(data)
        try:
            with self.world.dying(worker, step):
                self.make(worker, change)
        except Died:
            self.history.doubt(change)

    @rule(worker=WORKER, other=WORKER, data=st.data(), new=st.booleans())
    @precondition(lambda self: not self.world.is_down)
    def cross(self, worker: int, other: int, data: st.DataObject, *, new: bool) -> None:
        first = self.new(draft=True) if new else self.any_change(data)
        second, late = self.any_change(data), list[Status | None]()

        def overtake() -> None:
            with self.refused():
                late.append(self.world.apply(other, second).delta.status)

        with self.world.overtaken(worker, ("database", "record"), overtake):
            self.make(worker, first)
        if late:
            self.history.acknowledge(second, late[0])

    @rule(data=st.data())
    def legacy_program(self, data: st.DataObject) -> None:
        """Let one read the files, or one that read them earlier write what it has."""
        copy = data.draw(st.integers(0, len(self.copies)))
        if copy == len(self.copies):
            self.world.take_copy()
            self.copies.append(copy_of(self.world.workers[0].stores.cif.read(DEP).correspondence))
        else:
            self.write_copy(copy)

    @rule(worker=WORKER, data=st.data())
    @precondition(lambda self: self.copies)
    def legacy_program_between(self, worker: int, data: st.DataObject) -> None:
        """Let one write what it read earlier behind the look at the files that a change of ours begins with."""
        copy = data.draw(st.integers(0, len(self.copies) - 1))
        with self.world.overtaken(worker, ("cif", "write"), lambda: self.write_copy(copy)):
            self.make(worker, self.new(draft=True))

    def write_copy(self, copy: int) -> None:
        self.world.write_copy(copy, self.name("L"))
        self.history.overwritten(self.copies.pop(copy))

    @rule()
    def database(self) -> None:
        """Stop the database, or start it again."""
        if self.world.is_down:
            self.world.start_database()
        else:
            self.world.stop_database()

    @rule(data=st.data())
    def lock(self, data: st.DataObject) -> None:
        """Let a foreign program lock a file, or give up what it has locked."""
        if self.world.is_locked():
            self.world.unlock()
        else:
            self.world.lock(data.draw(st.sampled_from(self.world.files())))

    @rule(to=st.sampled_from([None, *PROFILES[1:]]))
    def operator(self, to: str | None) -> None:
        """Reconcile, or switch the profile."""
        with self.refused():
            if to is None:
                self.world.reconcile()
            else:
                self.world.switch(to)

    @rule(steps=st.integers(1, 6))
    def look_away(self, steps: int) -> None:
        """Leave some steps without a read, which would repair what they did."""
        self.unseen = steps

    @invariant()
    def nothing_acknowledged_is_contradicted(self) -> None:
        self.unseen -= 1
        for worker in range(WORKERS if self.unseen < 0 else 0):
            try:
                self.history.check(self.world.read(worker))
            except StoreUnavailable:
                assert self.world.is_disturbed()

    def settle(self) -> None:
        """Repair everything, and compare both stores with each other and with what was acknowledged."""
        self.world.start_database()
        self.world.unlock()
        while self.world.profile() != PROFILES[1]:
            assert self.world.switch(PROFILES[PROFILES.index(self.world.profile()) - 1]), "the way back is refused"
        assert self.world.reconcile() == 0
        assert self.world.kept() == []
        stores = self.world.workers[0].stores
        assert stores.cif.read(DEP).correspondence == stores.database.read(DEP).correspondence
        self.history.check(self.world.read(0))

    def make(self, worker: int, change: AppendMessage | EditDraft | MarkRead | Tag) -> None:
        with self.refused():
            self.history.acknowledge(change, self.world.apply(worker, change).delta.status)

    def new(self, *, draft: bool, notes: bool = False) -> AppendMessage:
        name = self.name("m")
        fields: dict[str, Any] = {"message_text": name, "send_status": "N" if draft and not notes else "Y"}
        self.content_types[name] = NOTES if notes else TO_DEPOSITOR
        message = Message(self.content_types[name], None, name, DEP, "2026-01-02 03:04:05", **fields)
        return AppendMessage(DEP, message)

    def any_change(self, data: st.DataObject) -> EditDraft | MarkRead | Tag:
        message_id = data.draw(st.sampled_from(sorted(self.history.texts)))
        what = data.draw(st.sampled_from(["edit", "read", "tag"]))
        if what == "read":
            return MarkRead(DEP, message_id)
        if what == "tag":
            return Tag(DEP, message_id, *data.draw(st.tuples(*[st.sampled_from("YN")] * 3)))
        edits = {"message_text": self.name("e")}
        return EditDraft(DEP, self.content_types[message_id], message_id, "2026-02-02 02:02:02", edits)

    def name(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    @contextmanager
    def refused(self) -> Iterator[None]:
        """Accept that a message which is sent takes no edit, and a 503 where something is down or locked."""
        try:
            yield
        except Conflict:
            return
        except MessagingError as error:
            if not (isinstance(error, (StoreUnavailable, NotFound)) and self.world.is_disturbed()):
                raise


def test_no_acknowledged_change_is_lost_or_contradicted_whatever_happens() -> None:
    steps = int(os.environ.get("MODEL_STEPS", "300"))
    chosen = int(os.environ.get("MODEL_SEED", "1"))
    print(f"{steps} steps with seed {chosen}")
    how = settings(
        max_examples=max(1, steps // STEPS_OF_ONE),
        stateful_step_count=STEPS_OF_ONE,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    Model.proxy = Proxy(mariadb.PORT)
    try:
        run_state_machine_as_test(seed(chosen)(Model), settings=how)
    finally:
        Model.proxy.close()
