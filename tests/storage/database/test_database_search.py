"""The index of a search: brought up from the version before, kept by whatever writes, and asked where that is shorter."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, Engine, create_engine, exc, text
from support.contract import append
from support.correspondence import correspondence, sections
from support.site import Site, make_site

from service.services import recent as recent_of
from service.storage.database import plan, schema
from service.storage.database.engine import options_of, prepare, url_of
from service.window import Wanted
from service.words import Keyword

DEP = "D_1000000001"
INSERT = (
    "INSERT INTO pdbx_deposition_message_info (deposition_data_set_id, content_type, position, message_id, timestamp,"
    " message_subject, message_text) VALUES (:dep, 'messages-to-depositor', :n, :id, :time, :subject, :text)"
)


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Site:
    return make_site(tmp_path, database_url)


@pytest.fixture
def engine(site: Site) -> Iterator[Engine]:
    settings = site.settings("db-only")
    engine = create_engine(url_of(settings), **options_of(settings))
    prepare(engine)
    yield engine
    engine.dispose()


def found(site: Site, word: str) -> list[str | None]:
    """Ask the index, however few messages there are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "_FEW", 0)
        patch.setattr(plan, "_COST", 0)
        listing = recent_of(site.services("db-only")).listing(Wanted("2026-01-01", keywords=(Keyword(word),)))
        return [f.message.message_id for f in listing]


def write_before(connection: Connection) -> None:
    """Write messages as the version before did."""
    config = schema._config()
    config.attributes["connection"] = connection
    command.upgrade(config, "0001")
    connection.execute(text("INSERT INTO database_identity VALUES ('one')"))
    for k in range(50):
        connection.execute(
            text("INSERT INTO deposition (deposition_data_set_id, version, cif_behind) VALUES (:dep, 0, 0)"),
            {"dep": f"D_{k}"},
        )
        values = {"dep": f"D_{k}", "n": 1, "id": f"m{k}", "time": f"2026-01-{k % 28 + 1:02} 12:00:00", "subject": None}
        connection.execute(text(INSERT), values | {"text": f"the {k}th message, at 1.7 Ångström"})


@pytest.mark.parametrize("ended", [False, True])
def test_messages_of_the_version_before_are_found(site: Site, engine: Engine, *, ended: bool) -> None:
    with engine.execution_options(writes=True).begin() as connection:
        write_before(connection)
        if ended:  # a run that came as far as one column
            connection.execute(text("ALTER TABLE pdbx_deposition_message_info ADD COLUMN words LONGTEXT"))
    site.initialise()
    assert schema.status(site.settings("db-only")).is_current
    assert set(found(site, "ångström")) == {f"m{k}" for k in range(50)}
    assert found(site, "7th") == ["m7"]
    site.initialise()


def test_a_message_that_nothing_is_derived_from_is_refused(site: Site, engine: Engine) -> None:
    site.initialise()
    append(site.services("db-only").stores.database, DEP, "first", message_text="some words")
    values = {"dep": DEP, "n": 2, "id": "x", "time": None, "subject": None, "text": "unheard"}
    with pytest.raises(exc.DBAPIError), engine.execution_options(writes=True).begin() as connection:
        connection.execute(text(INSERT), values)


def test_rows_that_are_changed_by_hand_leave_the_index_right(site: Site, engine: Engine) -> None:
    site.initialise()
    store = site.services("db-only").stores.database
    for n in range(5):
        append(store, DEP, f"m{n}", message_text="ligand geometry")
    with engine.execution_options(writes=True).begin() as connection:
        connection.execute(text("DELETE FROM pdbx_deposition_message_info WHERE position = 2"))
        connection.execute(text("UPDATE pdbx_deposition_message_info SET words = ' _sequence ' WHERE position = 4"))
        connection.execute(text("UPDATE pdbx_deposition_message_info SET position = 9 WHERE position = 5"))
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.rollback()
            connection.connection.execute("VACUUM")
    assert found(site, "ligand") == ["m4", "m2", "m0"]
    assert found(site, "sequence") == ["m3"]


@pytest.fixture
def _filled(site: Site) -> None:
    site.initialise()
    services = site.services("db-only")
    rng = random.Random(3)  # noqa: S311 - no secrets
    for n in range(60):
        made = correspondence(f"D_{n}", rng)
        services.stores.database.bring(f"D_{n}", sections(made), lambda _, made=made: (made, ()))  # type: ignore[misc]
    append(services.stores.database, DEP, "rare", message_text="zirconocene and validation", timestamp="2026-03-01 00:00:00")


@pytest.mark.usefixtures("_filled")
@pytest.mark.parametrize(
    ("words", "way"),
    [
        (("zirconocene",), " _zirconocene"),
        (("validation",), ""),
        (("valid", "zircon"), " _zircon"),
        (("zi",), ""),
        ((), ""),
    ],
)
def test_the_index_is_asked_for_rare_words_alone(
    engine: Engine, words: tuple[str, ...], way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "_FEW", 0)
    with engine.begin() as connection:
        if connection.dialect.name == "mysql":
            connection.execute(text("ANALYZE TABLE pdbx_deposition_message_info"))
        wanted = Wanted("2026-05-01", "2026-06-30", keywords=tuple(map(Keyword, words)))
        assert plan.way_of(connection, wanted) == way


@pytest.mark.usefixtures("_filled")
def test_the_way_of_a_search_is_kept_for_a_while(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "_FEW", 0)
    ways, wanted = plan.Ways(), Wanted("2026-01-01", keywords=(Keyword("zirconocene"),))
    with engine.begin() as connection:
        assert ways.of(connection, wanted) == " _zirconocene"
        monkeypatch.setattr(plan, "_COST", 1e9)
        assert ways.of(connection, wanted) == " _zirconocene"
        monkeypatch.setattr(plan, "_SECONDS", 1e-9)
        assert ways.of(connection, wanted) == ""
