"""A row that was changed on both sides: both values are in the file and in the table, once, before one of them is gone."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pymysql
import pytest
from support.dual import DEP, Dual, dual, edit, logged_conflicts, noted, texts
from support.mariadb import PrivateServer
from support.site import DUAL, make_site

from service.errors import DatabaseUnavailable, FileUnavailable
from service.storage.cif.lock import lock_of
from service.storage.database import depositions

DB_READ = "dual-write-db-read"
IN_FILE, IN_DATABASE = "1.7 Å in the file", "1.8 Å in the database"


@pytest.fixture(params=DUAL)
def both(request: pytest.FixtureRequest, tmp_path: Path, database_url: str) -> Dual:
    """A dual profile over a database of either kind, with a draft in both stores."""
    site = make_site(tmp_path, database_url)
    site.initialise()
    return with_draft(dual(site, request.param, MSGMODULE_LOCK_TIMEOUT="0.2", MSGMODULE_CIRCUIT_BREAKER="false"))


def with_draft(made: Dual) -> Dual:
    made.append("m1", "draft", send_status="N")
    made.read()
    return made


def change_both(both: Dual, in_file: str = IN_FILE, in_database: str = IN_DATABASE) -> None:
    both.services.stores.cif.write(edit(in_file))
    both.services.stores.database.apply(edit(in_database))


def decided(both: Dual) -> tuple[str, str]:
    """Give the value that is kept and the one that is lost: the store that answers is right."""
    sides = (IN_FILE, IN_DATABASE)
    return sides[::-1] if both.services.settings.profile.reads == "database" else sides


def test_both_values_are_in_the_file_and_in_the_table_whichever_store_wins(both: Dual) -> None:
    begun = datetime.now(UTC)
    change_both(both)
    both.read()
    both.read()

    assert [m.message_text for m in both.in_files().messages] == [decided(both)[0]]
    assert both.is_equal()
    assert texts(noted(both.site)) == texts(logged_conflicts(both.site)) == [decided(both)]
    row, line = noted(both.site)[0], logged_conflicts(both.site)[0]
    assert begun <= datetime.fromisoformat(line.pop("time")) <= datetime.fromisoformat(row.pop("time")) <= datetime.now(UTC)
    assert row == line
    assert (row["deposition_data_set_id"], row["category"]) == (DEP, "pdbx_deposition_message_info")
    assert row["lost"]["message_id"] == "m1"


def test_a_conflict_in_a_file_that_lacks_a_message_as_well_is_noted_once(both: Dual) -> None:
    dual(both.site, "db-only").append("m2")
    change_both(both)
    both.read()

    assert both.is_equal()
    assert texts(noted(both.site)) == texts(logged_conflicts(both.site)) == [decided(both)]


@pytest.mark.parametrize("both", [DB_READ], indirect=True)
def test_a_conflict_in_a_file_that_is_locked_is_noted_once(both: Dual) -> None:
    change_both(both)
    lock_of(both.file()).touch()
    both.read()

    assert texts(noted(both.site)) == texts(logged_conflicts(both.site)) == [(IN_DATABASE, IN_FILE)]


@pytest.mark.parametrize("both", [DB_READ], indirect=True)
def test_what_a_file_is_about_to_lose_is_noted_before_it_is_written(both: Dual, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []

    def put(*_: object) -> str:
        seen.extend((texts(noted(both.site)), texts(logged_conflicts(both.site))))
        raise FileUnavailable("the disk is full")

    change_both(both)
    monkeypatch.setattr(both.services.stores.cif, "put", put)
    both.read()

    assert seen == [[(IN_DATABASE, IN_FILE)]] * 2


@pytest.mark.parametrize("both", ["dual-write-cif-read"], indirect=True)
def test_what_the_rows_did_not_lose_after_all_is_not_in_the_table(both: Dual, monkeypatch: pytest.MonkeyPatch) -> None:
    record = depositions.record

    def die(*_: object, **__: object) -> None:
        monkeypatch.setattr(depositions, "record", record)
        raise DatabaseUnavailable("the connection is gone")

    change_both(both)
    monkeypatch.setattr(depositions, "record", die)
    both.read()
    assert noted(both.site) == []
    assert texts(logged_conflicts(both.site)) == [(IN_FILE, IN_DATABASE)]

    both.read()
    assert texts(noted(both.site)) == [(IN_FILE, IN_DATABASE)]


@pytest.fixture
def narrow(tmp_path: Path, private_mariadb: PrivateServer) -> Iterator[Dual]:
    """A server that takes a mebibyte in one statement."""
    name = f"narrow_{tmp_path.name[-40:].replace('-', '_')}"
    set_packet = "SET GLOBAL max_allowed_packet = "
    with pymysql.connect(host="127.0.0.1", port=private_mariadb.port, user="root") as root, root.cursor() as cursor:
        cursor.execute(f"{set_packet} 1048576")
        site = make_site(tmp_path, private_mariadb.url.replace("/messaging", f"/{name}"))
        site.initialise()
        yield with_draft(dual(site, DB_READ))
        cursor.execute(f"{set_packet} DEFAULT")


@pytest.mark.mariadb
def test_two_long_values_that_no_statement_takes_together_are_noted(narrow: Dual) -> None:
    long = "word " * 120_000
    change_both(narrow, f"file {long}", f"database {long}")
    narrow.read()

    assert narrow.is_equal()
    assert texts(noted(narrow.site)) == [(f"database {long}", f"file {long}")]
