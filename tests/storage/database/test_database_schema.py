"""The schema as the servers hold it: what the migrations made is what the tables say, in the charset and types named."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text
from support.command import msgmodule
from support.dual import dual
from support.site import Site, make_site

from service.errors import DatabaseNotReady
from service.storage.database import schema
from service.storage.database.engine import options_of, prepare, url_of
from service.storage.database.tables import metadata


@pytest.fixture
def made(tmp_path: Path, database_url: str) -> Site:
    site = make_site(tmp_path, database_url)
    site.initialise()
    return site


@pytest.fixture
def connection(made: Site) -> Iterator[Connection]:
    settings = made.settings("cif-only")
    engine = create_engine(url_of(settings), **options_of(settings))
    prepare(engine)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_the_migrations_make_what_the_tables_say(connection: Connection) -> None:
    def is_compared(_: object, name: str | None, *_more: object) -> bool:
        return "message_search" not in (name or "")  # the full-text index, which each server makes in its own way

    context = MigrationContext.configure(connection, opts={"include_object": is_compared})
    assert compare_metadata(context, metadata) == []


def test_the_file_names_of_the_migrations_are_their_history() -> None:
    names = sorted(p.name for p in (Path(schema.__file__).parent / "migrations" / "versions").glob("[0-9]*.py"))
    assert names[-1].startswith(schema.head())
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))


def test_charset_collation_and_types_do_not_depend_on_the_server(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        pytest.skip("SQLite has none of these")
    tables = connection.execute(
        text("SELECT table_name, engine, table_collation FROM information_schema.tables WHERE table_schema = DATABASE()")
    ).all()
    ours = [t for t in tables if t[0] != "alembic_version"]
    assert len(ours) == len(metadata.tables)
    assert {(engine, collation) for _, engine, collation in ours} == {("InnoDB", "utf8mb4_bin")}
    columns = connection.execute(
        text(
            "SELECT data_type, collation_name FROM information_schema.columns WHERE table_schema = DATABASE()"
            " AND table_name LIKE 'pdbx%' AND collation_name IS NOT NULL"
        )
    ).all()
    assert {tuple(c) for c in columns} == {("varchar", "utf8mb4_bin"), ("longtext", "utf8mb4_bin")}


def test_sqlite_is_set_to_survive_a_power_cut(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        pytest.skip("these are settings of SQLite")
    found = {name: connection.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")}
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


@pytest.mark.parametrize("is_there", [True, False])
def test_an_upgrade_is_taken_up_where_an_earlier_run_was_ended(made: Site, is_there: bool) -> None:
    engine = create_engine(url_of(made.settings("cif-only")))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0002'"))
        if not is_there:
            connection.execute(text("DROP TABLE conflict_log"))
    engine.dispose()
    assert not schema.status(made.settings("cif-only")).is_current

    assert schema.initialise(made.settings("cif-only"), adopt=False).is_current


def test_a_first_run_that_was_ended_is_taken_up(made: Site) -> None:
    drop(made, "alembic_version", "conflict_log", "pdbx_deposition_message_status")
    assert not schema.status(made.settings("cif-only")).is_current
    assert schema.initialise(made.settings("cif-only"), adopt=False).is_current


def test_a_version_that_was_lost_is_found_again_and_no_row_is_lost(made: Site) -> None:
    chain = dual(made, "db-only")
    chain.append("kept", "a rare word")
    drop(made, "alembic_version")
    assert schema.initialise(made.settings("cif-only"), adopt=False).is_current
    assert chain.read() == ["kept"]
    found = msgmodule(made, "recent", "--start-date", "2026-01-01", "--keyword", "rare", profile="db-only")
    assert json.loads(found.stdout)["messages"][0]["message_id"] == "kept"


def test_an_empty_table_does_not_take_the_place_of_one_that_was_lost(made: Site) -> None:
    dual(made, "db-only").append("kept")
    drop(made, "alembic_version", "pdbx_deposition_message_status")
    with pytest.raises(DatabaseNotReady, match="lacks pdbx_deposition_message_status"):
        schema.initialise(made.settings("cif-only"), adopt=False)


def drop(made: Site, *tables: str) -> None:
    engine = create_engine(url_of(made.settings("cif-only")))
    with engine.begin() as connection:
        for table in tables:
            connection.execute(text(f"DROP TABLE {table}"))
    engine.dispose()


def test_a_second_run_changes_nothing(made: Site) -> None:
    settings = made.settings("cif-only")
    before = schema.status(settings)
    assert schema.initialise(settings, adopt=False) == before
    assert before.is_current
