"""The first transaction of a new connection sees what was committed before it, as every later one does."""

from pathlib import Path

import pytest
from sqlalchemy import text
from support import legacy
from support.contract import append
from support.dual import DEP
from support.site import Site, make_site

from service.services import Services
from service.storage.database.identity import Identity


@pytest.fixture
def crossed(tmp_path: Path, database_url: str) -> Site:
    site = make_site(tmp_path, database_url)
    site.initialise()
    return site


def second_connection_crossed(other: Services, patch: pytest.MonkeyPatch) -> None:
    """Have another process commit while the next new connection of ours is being checked."""
    check = Identity.check

    def check_and_cross(self: Identity, found: str | None) -> None:
        patch.setattr(Identity, "check", check)
        append(other.stores.database, DEP, "theirs")
        check(self, found)

    other.stores.database.read(DEP)
    patch.setattr(Identity, "check", check_and_cross)


def test_a_message_is_appended_behind_one_that_came_while_the_connection_was_made(
    crossed: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, other = crossed.services("db-only"), crossed.services("db-only")
    append(ours.stores.database, DEP, "first")
    engine = ours.stores.database._database._reading
    with engine.connect():  # the pool's connection is taken, so that the append needs a new one
        second_connection_crossed(other, monkeypatch)
        append(ours.stores.database, DEP, "ours")
    found = ours.stores.database.read(DEP).correspondence
    assert [(m.message_id, m.ordinal_id) for m in found.messages] == [("first", "1"), ("theirs", "2"), ("ours", "3")]


def test_a_sync_misses_no_message_that_came_while_the_connection_was_made(
    crossed: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, other = crossed.services("dual-write-db-read"), crossed.services("db-only")
    chain = ours.stores.chain(ours.settings.profile)
    append(chain, DEP, "first")
    append(chain, DEP, "second")
    chain.read(DEP)
    legacy.append(crossed.file(DEP), message_id="legacy", message_subject="s", message_text="t")
    database = ours.stores.database
    bring = database.bring

    def bring_on_a_new_connection(*given: object) -> object:
        with database._database._reading.connect():
            second_connection_crossed(other, monkeypatch)
            return bring(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(database, "bring", bring_on_a_new_connection)
    chain.read(DEP)
    monkeypatch.setattr(database, "bring", bring)

    found = chain.read(DEP).correspondence
    assert sorted(str(m.message_id) for m in found.messages) == ["first", "legacy", "second", "theirs"]


def test_a_read_on_a_new_connection_shows_what_was_committed_before_it_began(crossed: Site) -> None:
    ours, other = crossed.services("db-only"), crossed.services("db-only")
    append(other.stores.database, DEP, "first")
    with ours.stores.database._database._reading.connect() as taken:
        taken.execute(text("SELECT 1"))
        assert len(ours.stores.database.read(DEP).correspondence.messages) == 1
    append(other.stores.database, DEP, "second")
    assert len(ours.stores.database.read(DEP).correspondence.messages) == 2
