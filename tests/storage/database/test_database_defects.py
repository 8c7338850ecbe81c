"""A damaged schema: every command that claims to look at it exits 1 and names the table and what is wrong in it."""

from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, text
from support.command import in_a_process, msgmodule
from support.mariadb import fresh_database
from support.site import Site, make_site

from service.storage.database import schema
from service.storage.database.engine import url_of

_INFO = "pdbx_deposition_message_info"
_STATUS = "pdbx_deposition_message_status"


@pytest.fixture
def made(tmp_path: Path, database_url: str) -> Site:
    site = make_site(tmp_path, database_url)
    site.initialise()
    return site


def damage(site: Site, on_mariadb: str, table: str, stated: str, instead: str) -> None:
    """Change a table: on MariaDB by a statement, on SQLite, which knows few, in the statement that it was made with."""
    engine = create_engine(url_of(site.settings("cif-only")))
    with engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            _rewrite(connection, table, stated, instead)
        else:
            connection.execute(text("SET foreign_key_checks = 0"))
            connection.execute(text(on_mariadb))
    engine.dispose()


def _rewrite(connection: Connection, name: str, stated: str, instead: str) -> None:
    made = connection.scalar(text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": name})
    assert stated in str(made), made
    connection.execute(text("PRAGMA writable_schema = 1"))
    connection.execute(
        text("UPDATE sqlite_master SET sql = :sql WHERE name = :name"),
        {"sql": str(made).replace(stated, instead), "name": name},
    )


DAMAGES = {
    "column": (
        (f"ALTER TABLE {_STATUS} DROP COLUMN for_release", _STATUS, "for_release TEXT, ", ""),
        f"table {_STATUS}: column for_release is missing",
    ),
    "identity": (
        (
            "ALTER TABLE database_identity CHANGE identity alien VARCHAR(36)",
            "database_identity",
            "identity VARCHAR(36) NOT NULL, \n\tPRIMARY KEY (identity)",
            "alien VARCHAR(36) NOT NULL, \n\tPRIMARY KEY (alien)",
        ),
        "table database_identity: column identity is missing",
    ),
    "narrow": (
        (
            "ALTER TABLE deposition MODIFY synced_at VARCHAR(10)",
            "deposition",
            "synced_at VARCHAR(19)",
            "synced_at VARCHAR(10)",
        ),
        "table deposition: column synced_at is VARCHAR(10) and not VARCHAR(19)",
    ),
    "cut text": (
        (f"ALTER TABLE {_STATUS} MODIFY read_status VARCHAR(9)", _STATUS, "read_status TEXT", "read_status VARCHAR(9)"),
        f"table {_STATUS}: column read_status is VARCHAR(9) and not ",
    ),
    "empty": (
        ("ALTER TABLE deposition MODIFY version BIGINT", "deposition", "version BIGINT NOT NULL", "version BIGINT"),
        "table deposition: column version may be empty",
    ),
    "alien": (
        (
            "ALTER TABLE deposition ADD COLUMN alien INTEGER NOT NULL",
            "deposition",
            "synced_at VARCHAR(19)",
            "alien INTEGER NOT NULL, synced_at VARCHAR(19)",
        ),
        "table deposition: column alien is not ours and must be filled",
    ),
    "primary key": (
        (
            f"ALTER TABLE {_STATUS} DROP PRIMARY KEY",
            _STATUS,
            "PRIMARY KEY (deposition_data_set_id, in_file, position)",
            "UNIQUE (deposition_data_set_id, in_file, position)",
        ),
        f"table {_STATUS}: the primary key (deposition_data_set_id, in_file, position) is missing or another",
    ),
    "foreign key": (
        (
            f"ALTER TABLE {_STATUS} DROP FOREIGN KEY {_STATUS}_ibfk_1",
            _STATUS,
            ", \n\tFOREIGN KEY(deposition_data_set_id) REFERENCES deposition (deposition_data_set_id)",
            "",
        ),
        f"table {_STATUS}: the foreign key of deposition_data_set_id is missing or another",
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_what_is_missing_or_different_is_named(made: Site, name: str) -> None:
    how, wanted = DAMAGES[name]
    damage(made, *how)
    done = msgmodule(made, "db", "init", "--verify-only")
    assert (done.returncode, wanted in done.stdout) == (1, True), done.stdout
    assert all(how[1] in defect for defect in schema.status(made.settings("cif-only")).defects)


@pytest.mark.parametrize(
    ("on_sqlite", "on_mariadb", "wanted"),
    [
        ("DROP TABLE conflict_log", "DROP TABLE conflict_log", "table conflict_log is missing"),
        (
            f"DROP INDEX ix_{_INFO}_sent_at",
            f"DROP INDEX ix_{_INFO}_sent_at ON {_INFO}",
            f"table {_INFO}: index ix_{_INFO}_sent_at is missing or another",
        ),
        ("DROP TRIGGER message_search_insert", f"DROP INDEX ft_message_search ON {_INFO}", f"table {_INFO}: "),
        ("ALTER TABLE deposition ADD COLUMN alien INTEGER", "ALTER TABLE deposition ADD COLUMN alien INTEGER", None),
        ("CREATE INDEX alien ON deposition (version)", "CREATE INDEX alien ON deposition (version)", None),
        ("CREATE TABLE alien (i INTEGER)", "CREATE TABLE alien (i INTEGER)", None),
    ],
)
def test_a_statement_that_damages_is_found_and_another_is_not(
    made: Site, on_sqlite: str, on_mariadb: str, wanted: str | None
) -> None:
    engine = create_engine(url_of(made.settings("cif-only")))
    with engine.begin() as connection:
        connection.execute(text(on_sqlite if connection.dialect.name == "sqlite" else on_mariadb))
    engine.dispose()
    done = msgmodule(made, "db", "init", "--verify-only")
    assert done.returncode == (1 if wanted else 0), done.stdout
    assert (wanted or "defects: []") in done.stdout


@pytest.mark.mariadb
def test_a_key_that_compares_otherwise_is_named(tmp_path: Path) -> None:
    with fresh_database() as url:
        made = make_site(tmp_path, url)
        made.initialise()
        alien = "ALTER TABLE conflict_log MODIFY category VARCHAR(64) COLLATE utf8mb4_general_ci NOT NULL"
        damage(made, alien, "conflict_log", "", "")
        done = msgmodule(made, "db", "init", "--verify-only")
    assert done.returncode == 1
    assert "table conflict_log: column category compares by utf8mb4_general_ci and not utf8mb4_bin" in done.stdout


@pytest.mark.parametrize("command", [("db", "init"), ("db", "upgrade"), ("db", "status"), ("health",)])
def test_whoever_looks_at_the_schema_names_the_damage(made: Site, command: tuple[str, ...]) -> None:
    how, wanted = DAMAGES["column"]
    damage(made, *how)
    done = msgmodule(made, *command, profile="dual-write-cif-read")
    assert (done.returncode, wanted in done.stdout) == (1, True), done.stdout


def test_serving_over_a_damaged_schema_is_refused_with_the_damage(made: Site) -> None:
    how, wanted = DAMAGES["column"]
    damage(made, *how)
    done = in_a_process(made, "run", "--port", "1", profile="dual-write-cif-read")
    assert (done.returncode, wanted in done.stderr) == (2, True), done.stderr
