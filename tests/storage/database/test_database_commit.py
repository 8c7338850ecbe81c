"""A server that dies while it commits leaves an unknown outcome, and the repeat of the change settles it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, event
from support.contract import append
from support.dual import DEP
from support.mariadb import PrivateServer
from support.site import Site, make_site

from service.errors import CommitUnknown, DatabaseUnavailable
from service.storage.database import engine
from service.storage.guard import GuardedDatabase

pytestmark = pytest.mark.mariadb


@pytest.fixture
def site(tmp_path: Path, private_mariadb: PrivateServer) -> Iterator[Site]:
    made = make_site(tmp_path, private_mariadb.url.replace("/messaging", f"/commit_{tmp_path.name[-40:].replace('-', '_')}"))
    made.initialise()
    yield made
    private_mariadb.start_again()


def database_of(site: Site) -> GuardedDatabase:
    return site.services("db-only", MSGMODULE_CIRCUIT_BREAKER="false").stores.database


def test_a_commit_that_the_server_did_not_answer_is_an_unknown_outcome(site: Site, private_mariadb: PrivateServer) -> None:
    database = database_of(site)
    append(database, DEP, "before")

    def die(_: Connection) -> None:
        private_mariadb.kill()

    event.listen(database._database._reading, "commit", die)
    with pytest.raises(CommitUnknown, match="send it again"):
        append(database, DEP, "m1")
    private_mariadb.start()

    again = database_of(site)
    append(again, DEP, "m1")
    assert [m.message_id for m in again.read(DEP).correspondence.messages] == ["before", "m1"]


def test_a_server_that_is_away_before_the_commit_took_nothing(site: Site, private_mariadb: PrivateServer) -> None:
    database = database_of(site)
    append(database, DEP, "before")
    private_mariadb.kill()
    with pytest.raises(DatabaseUnavailable) as refused:
        append(database, DEP, "m1")
    assert not isinstance(refused.value, CommitUnknown)


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_connections_of_before_a_restart_cost_no_call(
    site: Site, private_mariadb: PrivateServer, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_IDLE", 0.0)  # a server may be back sooner than a connection counts as idle
    database = database_of(site)
    append(database, DEP, "before")
    getattr(private_mariadb, how)()
    private_mariadb.start()
    assert [m.message_id for m in database.read(DEP).correspondence.messages] == ["before"]
