"""What the way to the database can do to a call: each fault is an outage within the timeouts, and none is silent."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import event
from support import mariadb
from support.contract import append
from support.dual import DEP
from support.proxy import Proxy
from support.site import Site, make_site

from service.errors import CommitUnknown, DatabaseUnavailable
from service.storage.base import Answer
from service.storage.database import engine
from service.storage.guard import GuardedDatabase

pytestmark = pytest.mark.mariadb
TIMEOUT, CALLS = 1, 4
SHORT = {"MSGMODULE_DATABASE_CONNECT_TIMEOUT": str(TIMEOUT), "MSGMODULE_DATABASE_READ_TIMEOUT": str(TIMEOUT)}


@pytest.fixture
def way(tmp_path: Path) -> Iterator[tuple[Proxy, Site]]:
    """A proxy before the machine's server, and a site behind it."""
    with mariadb.fresh_database() as url:
        proxy = Proxy(mariadb.PORT)
        site = make_site(tmp_path, url.replace(str(mariadb.PORT), str(proxy.port)))
        site.initialise()
        yield proxy, site
        proxy.close()


def database_of(site: Site, **more: str) -> GuardedDatabase:
    return site.services("db-only", **SHORT, **more).stores.database


@pytest.mark.parametrize("fault", ["refuse", "hang"])
def test_an_outage_costs_the_calls_before_the_breaker_opens_and_none_after(
    way: tuple[Proxy, Site], fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, site = way
    database = database_of(site, MSGMODULE_BREAKER_FAIL_MAX="2", MSGMODULE_BREAKER_RESET_TIMEOUT="60")
    append(database, DEP, "before")
    monkeypatch.setattr(engine, "_IDLE", 0.0)
    getattr(proxy, fault)()
    seconds = []
    for _ in range(20):
        begun = time.perf_counter()
        with pytest.raises(DatabaseUnavailable):
            database.read(DEP)
        seconds.append(time.perf_counter() - begun)
    assert database.guard is not None
    assert database.guard.state == "open"
    assert max(seconds[:2]) < 1.8 * TIMEOUT, "a call waits for one timeout and not for a second one"
    assert max(seconds[2:]) < 0.1 * max(*seconds[:2], 0.5), "an open breaker waits for nothing"


@pytest.mark.parametrize("fault", ["refuse", "hang"])
def test_a_server_that_is_back_is_used_again_once_the_pause_is_over(way: tuple[Proxy, Site], fault: str) -> None:
    proxy, site = way
    database = database_of(site, MSGMODULE_BREAKER_FAIL_MAX="1", MSGMODULE_BREAKER_RESET_TIMEOUT="0.01")
    append(database, DEP, "before")
    getattr(proxy, fault)()
    with pytest.raises(DatabaseUnavailable):
        database.read(DEP)
    proxy.ok()
    found = [m.message_id for m in until(database).correspondence.messages]
    assert found == ["before"]


def until(database: GuardedDatabase) -> Answer:
    """Ask until the breaker lets a call through."""
    for _ in range(1000):
        try:
            return database.read(DEP)
        except DatabaseUnavailable:
            time.sleep(0.001)
    pytest.fail("the breaker never closed")


def test_four_calls_to_a_slow_server_take_as_long_as_one(way: tuple[Proxy, Site], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_IDLE", 60.0)  # no connection is asked first whether it still stands
    proxy, site = way
    database = database_of(site)
    append(database, DEP, "m1")
    with ExitStack() as opened:
        for _ in range(CALLS):
            opened.enter_context(database._database._reading.connect())
    proxy.delay(0.1)
    one = took(lambda: database.state(DEP))
    with ThreadPoolExecutor(CALLS) as pool:
        ready = threading.Barrier(CALLS)
        four = max(pool.map(lambda _: (ready.wait(), took(lambda: database.state(DEP)))[1], range(CALLS)))
    assert four < 2 * one


def took(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def test_an_answer_that_breaks_off_is_an_outage_and_no_short_answer(way: tuple[Proxy, Site]) -> None:
    proxy, site = way
    for n in range(20):
        append(database_of(site), DEP, f"m{n}", message_text="x" * 5000)
    proxy.reset_after(30_000)
    with pytest.raises(DatabaseUnavailable):
        database_of(site, MSGMODULE_CIRCUIT_BREAKER="false").read(DEP)


def test_a_commit_whose_answer_is_lost_is_unknown_and_its_repeat_settles_it(way: tuple[Proxy, Site]) -> None:
    proxy, site = way
    database = database_of(site, MSGMODULE_CIRCUIT_BREAKER="false")
    append(database, DEP, "before")
    event.listen(database._database._reading, "commit", lambda _: proxy.hang(), once=True)
    with pytest.raises(CommitUnknown):
        append(database, DEP, "m1")
    proxy.ok()
    append(database, DEP, "m1")
    assert [m.message_id for m in database.read(DEP).correspondence.messages] == ["before", "m1"]
