"""Writers, syncs, legacy programs and foreign locks in every order of their steps over real stores: nothing is lost."""

import itertools
import random
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from support import legacy
from support.dual import DEP, Dual, dual
from support.site import DUAL, make_site

from service.changes import EditDraft
from service.errors import StoreUnavailable
from service.storage.cif.lock import lock_of
from service.vocabulary import TO_DEPOSITOR

#: The calls between which another actor may come.
STEPS = {"cif": ("snapshot", "write", "put"), "database": ("snapshot", "record", "bring", "apply")}


@dataclass
class Actor:
    """One request or program, moved on step by step; `span` is when it began and ended, in steps of all."""

    work: Callable[[], object]
    behind_a_lock: bool = False
    go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    waits: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    ended: bool = False
    fault: BaseException | None = None
    span: tuple[int, int] = (0, 0)

    def run(self) -> None:
        self.go.acquire()
        try:
            self.work()
        except BaseException as error:  # noqa: BLE001 - told to the test, which judges it
            self.fault = error
        self.ended = True
        self.waits.release()

    def pause(self) -> None:
        """Stand still until it is this actor's turn again."""
        self.waits.release()
        self.go.acquire()


class Stage:
    """Move actors in a given order; every gated call of the stores waits for its actor's turn."""

    def __init__(self, both: Dual) -> None:
        self.both = both
        self.actors: dict[threading.Thread, Actor] = {}

    def play(self, actors: list[Actor], order: tuple[int, ...]) -> None:
        with pytest.MonkeyPatch.context() as patch:
            for store, names in STEPS.items():
                for name in names:
                    self._gate(patch, getattr(self.both.services.stores, store), name)
            for actor in actors:
                thread = threading.Thread(target=actor.run, daemon=True)
                self.actors[thread] = actor
                thread.start()
            rest = tuple(n for n in range(len(actors)) for _ in range(30))
            for moment, n in enumerate(order + rest):
                self._move(actors[n], moment)

    @staticmethod
    def _move(actor: Actor, moment: int) -> None:
        if not actor.ended:
            actor.span = (actor.span[0] or moment + 1, moment + 1)
            actor.go.release()
            actor.waits.acquire()

    def _gate(self, patch: pytest.MonkeyPatch, store: Any, name: str) -> None:
        method = getattr(store, name)

        def gated(*given: Any) -> Any:
            actor = self.actors.get(threading.current_thread())
            if actor is None:
                return method(*given)
            actor.pause()
            with locked(self.both, needed=actor.behind_a_lock and name == "write"):
                return method(*given)

        patch.setattr(store, name, gated)


@contextmanager
def locked(both: Dual, *, needed: bool) -> Iterator[None]:
    lock = lock_of(both.file())
    if needed:
        lock.touch()
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Path]:
    """A directory in memory where there is one, for hundreds of small sites; no test here is about the disk."""
    shared = Path("/dev/shm")  # noqa: S108 - only for its speed
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else tmp_path) as root:
        yield Path(root)


def fresh(root: Path, profile: str) -> Dual:
    root.mkdir()
    site = make_site(root, f"sqlite:///{root}/messages.db")
    site.initialise()
    made = dual(site, profile, MSGMODULE_LOCK_TIMEOUT="0.01")
    made.append("draft", "first", send_status="N")
    made.read()
    return made


def edit(both: Dual, text: str) -> Callable[[], object]:
    change = EditDraft(DEP, TO_DEPOSITOR, "draft", "2026-02-02 02:02:02", {"message_text": text})
    return lambda: both.chain.apply(change)


def orders(*steps: int) -> list[tuple[int, ...]]:
    """Give every order in which actors with so many steps can move."""
    return sorted(set(itertools.permutations([n for n, count in enumerate(steps) for _ in range(count)])))


def last_edits(edits: dict[str, Actor]) -> set[str]:
    """Give the texts that may stand at the end: those of acknowledged edits that no later one followed."""
    acked = {text: actor for text, actor in edits.items() if actor.fault is None}
    followed = {t for t, a in acked.items() for b in acked.values() if b.span[0] > a.span[1]}
    return set(acked) - followed or {"first"}


def judged(both: Dual, actors: list[Actor]) -> str | None:
    """Raise what no request may end with, settle, and give the draft's text in both stores."""
    for actor in actors:
        if actor.fault is not None and not isinstance(actor.fault, StoreUnavailable):
            raise actor.fault
    both.read()
    both.read()
    assert both.is_equal()
    found = both.in_files().message("draft")
    assert found is not None
    return found.message_text


@pytest.mark.parametrize("profile", DUAL)
@pytest.mark.parametrize("behind_a_lock", [False, True])
def test_an_edit_and_a_sync_of_a_foreign_write_cross_in_every_order(quick: Path, profile: str, behind_a_lock: bool) -> None:
    wrong = []
    for n, order in enumerate(orders(4, 3)):
        both = fresh(quick / str(n), profile)
        legacy.append(both.file(), message_id="L", message_subject="s", message_text="t")
        actors = [Actor(edit(both, "edited"), behind_a_lock), Actor(both.read)]
        Stage(both).play(actors, order)
        if judged(both, actors) not in last_edits({"edited": actors[0]}):
            wrong.append(order)
    assert wrong == []


@pytest.mark.parametrize("profile", DUAL)
def test_two_edits_one_of_them_behind_a_lock_cross_in_every_order(quick: Path, profile: str) -> None:
    wrong = []
    for n, order in enumerate(orders(3, 4)):
        both = fresh(quick / str(n), profile)
        edits = {"one": Actor(edit(both, "one")), "other": Actor(edit(both, "other"), behind_a_lock=True)}
        Stage(both).play(list(edits.values()), order)
        if judged(both, list(edits.values())) not in last_edits(edits):
            wrong.append(order)
    assert wrong == []


@pytest.mark.parametrize("profile", DUAL)
def test_messages_syncs_and_an_old_copy_cross_in_many_orders(quick: Path, profile: str) -> None:
    chosen = random.Random(7)  # noqa: S311 - the same orders on every run
    for n in range(40):
        both = fresh(quick / str(n), profile)
        actors = crossing(both, stage := Stage(both))
        stage.play(actors, tuple(chosen.randrange(4) for _ in range(16)))
        judged(both, actors)
        acknowledged = {name for name, actor in zip("ab", actors, strict=False) if actor.fault is None}
        ids = [m.message_id for m in both.in_files().messages]
        assert {"draft", "L"} | acknowledged <= set(ids)
        assert len(ids) == len(set(ids))


def crossing(both: Dual, stage: Stage) -> list[Actor]:
    return [
        Actor(lambda: both.append("a")),
        Actor(lambda: both.append("b"), behind_a_lock=True),
        Actor(both.read),
        Actor(lambda: old_copy(both, stage)),
    ]


def old_copy(both: Dual, stage: Stage) -> None:
    """Read the file, and write it back later with a row of one's own, without a lock between the two."""
    opened = legacy.opened(both.file())
    stage.actors[threading.current_thread()].pause()
    row = {"ordinal_id": "9", "message_id": "L", "deposition_data_set_id": DEP, "timestamp": "2026-01-02 03:04:05"}
    assert opened.appendMessage(row)
    assert opened.write(str(both.file()))
