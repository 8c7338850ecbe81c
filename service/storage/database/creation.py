"""The database itself: whether there is one at its address, and making it where there is none."""

from pathlib import Path

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL

from service.storage.database.engine import no_database, options_of, url_of
from service.storage.database.tables import TABLE_OPTIONS
from service.storage.durable import faults, make_directory
from settings import Settings


def ensure(settings: Settings, *, may_create: bool) -> None:
    """Make an empty database where there is none. Raises DatabaseNotReady where none may be made."""
    url = url_of(settings)
    if url.get_backend_name() == "sqlite":
        _ensure_file(Path(str(url.database)), may_create=may_create)
        return
    engine = create_engine(url.set(database=""), connect_args=options_of(settings)["connect_args"])
    try:
        with engine.begin() as connection:
            _ensure_schema(connection, url, may_create=may_create)
    finally:
        engine.dispose()


def _ensure_file(path: Path, *, may_create: bool) -> None:
    with faults(path):
        if not path.exists():
            _require(str(path), may_create=may_create)
            make_directory(path.parent)
            path.touch()


def _ensure_schema(connection: Connection, url: URL, *, may_create: bool) -> None:
    named = text("SELECT count(*) FROM information_schema.schemata WHERE schema_name = :name")
    if connection.scalar(named, {"name": url.database}):
        return
    _require(str(url.database), may_create=may_create)
    charset, collation = TABLE_OPTIONS["mysql_charset"], TABLE_OPTIONS["mysql_collate"]
    name = connection.dialect.identifier_preparer.quote_identifier(str(url.database))
    connection.execute(text(f"CREATE DATABASE IF NOT EXISTS {name} CHARACTER SET {charset} COLLATE {collation}"))


def _require(name: str, *, may_create: bool) -> None:
    if not may_create:
        raise no_database(name)
