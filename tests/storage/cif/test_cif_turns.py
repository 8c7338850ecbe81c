"""Among ours a deposition is changed by one at a time; who waits for one thing is not kept from another."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from support.forked import forked, in_processes
from support.site import Site as Tree
from support.site import make_site

from service.changes import AppendMessage
from service.errors import Conflict, FileUnavailable
from service.messages import Message
from service.storage.base import Observer
from service.storage.cif.lock import Locks, lock_of
from service.storage.cif.paths import Site
from service.storage.cif.store import CifStore
from service.vocabulary import CONTENT_TYPES, NOTES, TO_DEPOSITOR

DEP = "D_1000000001"
WRITERS, ROUNDS = 8, 6
Accepted = tuple[int, list[int]]


class Listener(Observer):
    """Count the locks that were broken."""

    def __init__(self) -> None:
        self.broken = 0

    def lock_broken(self) -> None:
        self.broken += 1


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    made = make_site(tmp_path, "")
    (made.archive / DEP).mkdir()
    return made


def _store(tree: Tree, observer: Observer | None = None, timeout: float = 20) -> CifStore:
    told = observer or Observer()
    return CifStore(Site(tree.root / "data"), Locks(tree.root / "state", timeout, told), create=True, observer=told)


def _append(message_id: str, content_type: str = TO_DEPOSITOR, text: str = "text") -> AppendMessage:
    message = Message(content_type, None, message_id, DEP, "2026-01-02 03:04:05", message_text=text)
    return AppendMessage(DEP, message)


def _contend(tree: Tree, start: Any, number: int) -> Accepted:
    """Send one id in each round, at the same time as the others do, each with a text and a kind of its own.

    Gives the rounds in which it was taken.
    """
    store, accepted = _store(tree), []
    try:
        for n in range(ROUNDS):
            start.wait()
            with suppress(Conflict):
                store.apply(_append(f"id-{n}", CONTENT_TYPES[(number + n) % 3], f"text of {number}"))
                accepted.append(n)
    except BaseException:
        start.abort()  # nobody waits for one that failed
        raise
    return number, accepted


def in_threads(works: list[Callable[[], Accepted]]) -> list[Accepted]:
    with ThreadPoolExecutor(len(works)) as pool:
        return [done.result() for done in [pool.submit(work) for work in works]]


@pytest.mark.parametrize("together", [in_processes, in_threads])
def test_one_id_sent_for_three_files_at_once_is_taken_by_one_of_them(
    tree: Tree, together: Callable[[list[Callable[[], Accepted]]], list[Accepted]]
) -> None:
    start = forked.Barrier(WRITERS)
    accepted = dict(together([partial(_contend, tree, start, n) for n in range(WRITERS)]))

    assert sorted(n for rounds in accepted.values() for n in rounds) == list(range(ROUNDS))
    stored = {(m.message_id, m.message_text) for m in _store(tree).read(DEP).correspondence.messages}
    assert stored == {(f"id-{n}", f"text of {number}") for number, rounds in accepted.items() for n in rounds}


def _waiting(tree: Tree) -> threading.Thread:
    """Start a writer that waits for the lock of another program; give it once it stands at the head of the queue."""
    lock_of(tree.file(DEP)).touch()
    polls = threading.Event()

    def wait() -> None:
        store = _store(tree)
        polls.set()
        store.apply(_append("waiting"))

    writer = threading.Thread(target=wait)
    writer.start()
    polls.wait()
    return writer


def test_a_file_that_another_program_locks_keeps_nobody_from_the_other_two(tree: Tree) -> None:
    writer = _waiting(tree)

    _store(tree).apply(_append("m1", NOTES))

    assert writer.is_alive()
    lock_of(tree.file(DEP)).unlink()
    writer.join()
    assert {m.message_id for m in _store(tree).read(DEP).correspondence.messages} == {"m1", "waiting"}


def test_who_may_wait_for_a_moment_only_is_not_held_up_by_the_queue(tree: Tree) -> None:
    writer = _waiting(tree)
    locks = Locks(tree.root / "state", 20, Observer())

    with pytest.raises(FileUnavailable), locks.held(tree.file(DEP), 0.1):
        pytest.fail("the lock is another program's")

    assert writer.is_alive()
    lock_of(tree.file(DEP)).unlink()
    writer.join()


def _die_with_the_lock(tree: Tree) -> int:
    """End a process while it holds the lock, so that it stays a zombie; give its pid."""
    pid = os.fork()
    if pid == 0:
        with Locks(tree.root / "state", 1, Observer()).held(tree.file(DEP)):
            os._exit(0)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    return pid


@pytest.mark.parametrize("wait", [None, 1.0])
def test_the_lock_of_a_process_that_ended_unnoticed_by_its_parent_is_broken_and_counted(
    tree: Tree, wait: float | None
) -> None:
    pid, listener = _die_with_the_lock(tree), Listener()
    try:
        with Locks(tree.root / "state", 1, listener).held(tree.file(DEP), wait):
            assert listener.broken == 1
    finally:
        os.waitpid(pid, 0)
    assert not lock_of(tree.file(DEP)).exists()


@pytest.mark.parametrize(
    "content", ["messaging host", "messaging {host} many 1 2", "messaging {host} 1 2", "messaging {host} 1 2 3 4"]
)
def test_a_lock_that_only_looks_like_one_of_ours_is_waited_for(tree: Tree, content: str) -> None:
    lock = lock_of(tree.file(DEP))
    lock.write_text(content.format(host=os.uname().nodename))

    with pytest.raises(FileUnavailable, match="held by another program"):
        _store(tree, timeout=0.05).apply(_append("m1"))
    assert lock.exists()
