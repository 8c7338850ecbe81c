"""A writer that is killed at any moment loses no acknowledged message and leaves every file readable by everyone."""

import itertools
import os
import random
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from support import legacy
from support.site import Site as Tree
from support.site import make_site

from service.changes import AppendMessage
from service.errors import FileUnavailable
from service.messages import Message
from service.storage.base import Observer
from service.storage.cif.lock import Locks
from service.storage.cif.paths import Site
from service.storage.cif.store import CifStore
from service.vocabulary import CONTENT_TYPES, TO_DEPOSITOR

DEP = "D_1000000001"
KILLS = 20


def _store(tree: Tree, timeout: float = 5) -> CifStore:
    return CifStore(
        Site(tree.root / "data"), Locks(tree.root / "state", timeout, Observer()), create=True, observer=Observer()
    )


def _append(message_id: str, content_type: str) -> AppendMessage:
    text = f"text of {message_id}\n;" * 40
    return AppendMessage(DEP, Message(content_type, None, message_id, DEP, "2026-01-02 03:04:05", message_text=text))


def _forked(work: Callable[[int], None]) -> tuple[int, int]:
    """Run work in a child that is given a pipe to acknowledge on; give the child's pid and the reading end."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        try:
            work(writer)
        finally:
            os._exit(1)
    os.close(writer)
    return pid, reader


def _acknowledged_until_killed(pid: int, reader: int, seed: int) -> list[str]:
    """Kill the child a random moment after a random number of acknowledgements; give all it ever acknowledged."""
    dice = random.Random(seed)  # noqa: S311 - moments, not secrets
    lines = b""
    while lines.count(b"\n") < dice.randint(1, 4):
        chunk = os.read(reader, 4096)
        assert chunk, "the writer stopped by itself"
        lines += chunk
    threading.Event().wait(dice.uniform(0, 0.006))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    while chunk := os.read(reader, 4096):
        lines += chunk
    os.close(reader)
    return [line for line in lines.decode().split("\n")[:-1] if line]


def _remove_locks(tree: Tree) -> None:
    """Take away what locks a kill left: whether they block is another test's question."""
    for lock in tree.archive.rglob("*.lock"):
        lock.unlink()


def test_a_writer_killed_at_random_moments_loses_no_acknowledged_message(tmp_path: Path) -> None:
    tree = make_site(tmp_path, "")
    (tree.root / "data" / "deposit" / DEP).mkdir()
    acknowledged: set[str] = set()

    for life in range(KILLS):

        def work(writer: int, life: int = life) -> None:
            store = _store(tree)
            for n in range(10_000):
                message_id = f"life-{life}-{n}"
                store.apply(_append(message_id, CONTENT_TYPES[n % 2]))
                os.write(writer, f"{message_id}\n".encode())

        acknowledged.update(_acknowledged_until_killed(*_forked(work), seed=life))
        found = {m.message_id for m in _store(tree).read(DEP).correspondence.messages}
        assert acknowledged <= found
        _remove_locks(tree)
        by_legacy = {
            r["message_id"] for c in CONTENT_TYPES[:2] if tree.file(DEP, c).exists() for r in legacy.rows(tree.file(DEP, c))
        }
        assert by_legacy == found

    assert len(acknowledged) >= KILLS


def _killing_itself_after(step: int) -> Callable[[FrameType, str, Any], None]:
    """Make a profiler that kills its process right after so many calls into the operating system."""
    left = itertools.count(step, -1)

    def hook(_: FrameType, event: str, called: Any) -> None:
        into_system = (
            getattr(called, "__module__", None) == "posix" or type(getattr(called, "__self__", None)).__module__ == "_io"
        )
        if event == "c_return" and into_system and next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return hook


def _die_in_step(tree: Tree, step: int) -> bool:
    """Append in a child that dies after a step; tell whether it died, rather than finished before."""

    def work(_: int) -> None:
        store, change = _store(tree), _append("dying", TO_DEPOSITOR)
        sys.setprofile(_killing_itself_after(step))
        store.apply(change)
        sys.setprofile(None)
        os._exit(0)

    pid, reader = _forked(work)
    os.close(reader)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


def test_a_writer_that_dies_after_any_step_leaves_a_deposition_that_is_whole_and_open_to_the_next(tmp_path: Path) -> None:
    tree = make_site(tmp_path, "")
    blocked: list[int] = []
    for step in itertools.count():
        shutil.rmtree(tree.archive / DEP, ignore_errors=True)
        for n in range(3):
            _store(tree).apply(_append(f"before-{n}", TO_DEPOSITOR))
        died = _die_in_step(tree, step)
        found = [m.message_id for m in _store(tree).read(DEP).correspondence.messages]
        assert found[:3] == ["before-0", "before-1", "before-2"], f"step {step} lost messages"
        try:
            _store(tree, 0.05).apply(_append("next", TO_DEPOSITOR))
        except FileUnavailable:
            blocked.append(step)
        else:
            assert {r["message_id"] for r in legacy.rows(tree.file(DEP))} == {*found, "next"}
        if not died:
            break

    assert step > 20, "too few steps: the profiler saw nothing"
    assert blocked == [], "a lock of a dead process of ours blocks the deposition"
