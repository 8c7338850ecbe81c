"""The breaker round the database: when it opens, whom it lets through, and what does not count."""

import threading
from pathlib import Path

import pytest
from support.command import DOWN
from support.site import make_site

from service.errors import Conflict, DatabaseUnavailable, NotFound
from service.storage.base import Observer
from service.storage.guard import Guard


class Listener(Observer):
    def __init__(self) -> None:
        self.moves: list[str] = []

    def breaker_moved(self, breaker: str, state: str) -> None:
        assert breaker == "database"
        self.moves.append(state)


def fail(guard: Guard, error: Exception) -> None:
    with pytest.raises(type(error)), guard.admitted():
        raise error


def opened(reset_timeout: float = 60) -> tuple[Guard, Listener]:
    listener = Listener()
    guard = Guard(2, reset_timeout, listener)
    fail(guard, DatabaseUnavailable("down"))
    fail(guard, DatabaseUnavailable("down"))
    return guard, listener


def test_it_opens_after_so_many_failures_and_refuses_at_once_without_asking() -> None:
    guard, listener = opened()
    assert guard.state == "open"
    assert guard.changed is not None
    assert listener.moves == ["open"]
    with pytest.raises(DatabaseUnavailable, match="not asked"), guard.admitted():
        pytest.fail("the database was asked")


@pytest.mark.parametrize("answer", [NotFound("no"), Conflict("no")])
def test_what_a_working_database_answers_is_no_failure(answer: Exception) -> None:
    guard = Guard(2, 60, Observer())
    for _ in range(5):
        fail(guard, answer)
    assert guard.state == "closed"


def test_one_of_fifty_waiting_threads_is_let_through_as_a_probe() -> None:
    guard, listener = opened(reset_timeout=0)
    ready, inside, leave = threading.Barrier(50), threading.Event(), threading.Event()
    admitted, refused, counted = [], [], threading.Semaphore(0)

    def call() -> None:
        ready.wait()
        try:
            with guard.admitted():
                admitted.append(threading.current_thread())
                inside.set()
                leave.wait()
        except DatabaseUnavailable:
            refused.append(threading.current_thread())
            counted.release()

    threads = [threading.Thread(target=call) for _ in range(50)]
    for thread in threads:
        thread.start()
    inside.wait()
    for _ in range(49):
        counted.acquire()
    leave.set()
    for thread in threads:
        thread.join()

    assert (len(admitted), len(refused)) == (1, 49)
    assert guard.state == "closed"
    assert listener.moves == ["open", "half-open", "closed"]


def test_a_probe_that_fails_opens_it_again() -> None:
    guard, listener = opened(reset_timeout=0)
    fail(guard, DatabaseUnavailable("still down"))
    assert guard.state == "open"
    assert listener.moves == ["open", "half-open", "open"]


def test_calls_are_not_made_one_after_the_other() -> None:
    guard = Guard(5, 60, Observer())
    together = threading.Barrier(4)

    def call() -> None:
        with guard.admitted():
            together.wait(timeout=30)  # broken, and an error, unless all four are inside at once

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not together.broken


def test_asking_whether_it_is_ready_counts_as_a_failure_while_it_is_not(tmp_path: Path) -> None:
    database = make_site(tmp_path, DOWN).services("db-only", MSGMODULE_BREAKER_FAIL_MAX="2").stores.database
    assert not database.is_ready()
    assert not database.is_ready()
    assert database.guard is not None
    assert database.guard.state == "open"


def test_switched_off_it_lets_every_call_through(tmp_path: Path) -> None:
    from_settings = make_site(tmp_path, DOWN).services("db-only", MSGMODULE_CIRCUIT_BREAKER="false")
    assert from_settings.stores.database.guard is None
    for _ in range(8):
        with pytest.raises(DatabaseUnavailable, match="does not answer"):
            from_settings.stores.database.read("D_1000000001")
