"""A probe for readiness tells the truth and does not make the breaker believe that a dead database works."""

from pathlib import Path

import pytest
from support.command import DOWN
from support.dual import DEP
from support.site import Site, make_site

from service.errors import DatabaseUnavailable
from service.storage.base import Observer
from service.storage.guard import Guard, GuardedDatabase

SETTINGS = {"MSGMODULE_BREAKER_FAIL_MAX": "3", "MSGMODULE_BREAKER_RESET_TIMEOUT": "60"}


def down(root: Path) -> tuple[GuardedDatabase, Guard]:
    database = make_site(root, DOWN).services("db-only", **SETTINGS).stores.database
    assert database.guard is not None
    return database, database.guard


def test_readiness_probes_between_the_calls_do_not_keep_the_breaker_closed(tmp_path: Path) -> None:
    database, guard = down(tmp_path)
    for _ in range(3):
        with pytest.raises(DatabaseUnavailable):
            database.read(DEP)
        assert not database.is_ready()
    assert guard.state == "open"


def test_readiness_probes_alone_open_the_breaker(tmp_path: Path) -> None:
    database, guard = down(tmp_path)
    assert [database.is_ready() for _ in range(4)] == [False] * 4
    assert guard.state == "open"


def test_a_readiness_probe_that_fails_does_not_close_the_breaker(tmp_path: Path) -> None:
    moves: list[str] = []

    class Listener(Observer):
        def breaker_moved(self, breaker: str, state: str) -> None:
            moves.append(f"{breaker} {state}")

    database, _ = down(tmp_path)
    database.guard = Guard(1, 0, Listener())
    with pytest.raises(DatabaseUnavailable):
        database.read(DEP)
    assert not database.is_ready()
    assert moves == ["database open", "database half-open", "database open"]


def test_a_database_without_its_tables_is_not_ready(tmp_path: Path, sqlite_url: str) -> None:
    assert not make_site(tmp_path, sqlite_url).services("db-only").stores.database.is_ready()


def test_a_database_that_answers_is_ready(site: Site) -> None:
    assert site.services("db-only").stores.database.is_ready()
