"""The engine: how connections to SQLite and MariaDB are made, bounded in time, and checked for being the right database."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from flask import Flask
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, PoolProxiedConnection, QueuePool

from service.errors import DatabaseNotReady, FileUnavailable
from service.storage.database.identity import Identity
from service.storage.database.tables import db
from settings import Settings

#: Connections of one process; the rest of the time is bounded by the timeouts of the settings.
_POOL_SIZE, _POOL_OVERFLOW, _POOL_RECYCLE = 4, 12, 1800
#: Seconds after which a connection is asked whether it still stands before it is used; one used just now costs no question.
_IDLE = 0.1
#: Seconds for one statement of an operator who changes or copies the whole database.
_PATIENCE = 86400
_LOOKS = "looks"
#: Rows that a host had locked when it vanished are free after `idles` seconds, and not hours; MySQL has no word for that.
#: Who waits for a row is told so before it gives its connection up.
_MARIADB_SESSION = (
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00', "
    "innodb_lock_wait_timeout = {waits} /*M! , idle_transaction_timeout = {idles} */"
)


def url_of(settings: Settings) -> URL:
    """Give the database's address; one dialect serves MariaDB and MySQL."""
    url = make_url(settings.database_url)
    return url if url.get_backend_name() == "sqlite" else url.set(drivername="mysql+pymysql")


def options_of(settings: Settings, *, patient: bool = False) -> dict[str, Any]:
    """Give the engine's options: timeouts always, a day for a `patient` operator, a pool where the settings say so."""
    seconds = _PATIENCE if patient else settings.database_read_timeout
    connect: dict[str, Any] = {"timeout": settings.database_read_timeout}
    if url_of(settings).get_backend_name() != "sqlite":
        connect = {
            "connect_timeout": settings.database_connect_timeout,
            "read_timeout": seconds,
            "write_timeout": seconds,
            "charset": "utf8mb4",
            "init_command": _MARIADB_SESSION.format(waits=max(1, int(seconds) - 1), idles=ceil(2 * seconds)),
        }
    if not settings.connection_pooling:
        return {"connect_args": connect, "poolclass": NullPool}
    return {
        "connect_args": connect,
        "pool_size": _POOL_SIZE,
        "max_overflow": _POOL_OVERFLOW,
        "pool_recycle": _POOL_RECYCLE,
        "pool_timeout": settings.database_connect_timeout,
        "pool_reset_on_return": None,  # whoever takes a connection ends its transaction
    }


@dataclass(frozen=True, slots=True)
class Engines:
    """The engine of an application's transactions, and that of its looks: there each statement ends for itself."""

    work: Engine
    looks: Engine


def init_app(app: Flask, settings: Settings, identity: Identity) -> Engines:
    """Give an application its engines; nothing is connected before the first statement."""
    options = options_of(settings)
    app.config["SQLALCHEMY_DATABASE_URI"] = url_of(settings)
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options
    app.config["SQLALCHEMY_BINDS"] = {_LOOKS: options | {"url": url_of(settings), "isolation_level": "AUTOCOMMIT"}}
    db.init_app(app)
    with app.app_context():
        engines = Engines(db.engine, db.engines[_LOOKS])
    for engine in (engines.work, engines.looks):
        _guard(engine, settings, identity)
    return engines


def _guard(engine: Engine, settings: Settings, identity: Identity) -> None:
    prepare(engine)

    def check(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        """Have every new connection refused that leads to another database than the site's, or to nobody knows which."""
        cursor = connection.cursor()
        cursor.execute("SELECT identity FROM database_identity")
        found = cursor.fetchone()
        cursor.close()
        connection.rollback()  # the first transaction must not see the database as it was when it was connected
        try:
            identity.check(found[0] if found else None)
        except FileUnavailable as error:
            raise DatabaseNotReady(error.message) from error

    event.listen(engine, "connect", check)
    if settings.connection_pooling:
        _ask_idle_connections(engine)


@dataclass(frozen=True, slots=True)
class PoolUse:
    """How many connections of a process are in use, and how many there may be."""

    used: int
    most: int


def pool_use(engines: Engines) -> PoolUse | None:
    """Look at the fuller of the pools; `None` where no connections are kept."""
    pools = [e.pool for e in (engines.work, engines.looks)]
    used = [pool.checkedout() for pool in pools if isinstance(pool, QueuePool)]
    return PoolUse(max(used), _POOL_SIZE + _POOL_OVERFLOW) if used else None


def max_packet(connection: Connection) -> int | None:
    """Ask for the largest statement that a server takes, in bytes; `None` for SQLite, which has no limit."""
    if connection.dialect.name == "sqlite":
        return None
    return int(connection.exec_driver_sql("SELECT @@max_allowed_packet").scalar_one())


def no_database(name: str) -> DatabaseNotReady:
    """Give the error for an address where no database is."""
    return DatabaseNotReady(
        f"there is no database {name} that the service may see: check database_url and the rights of its user; "
        "`msgmodule db init` makes one, with --adopt where the site had another before"
    )


def prepare(engine: Engine) -> None:
    """Make SQLite durable and its transactions explicit; MariaDB is set by its session command."""
    if engine.dialect.name != "sqlite":
        return
    event.listen(engine, "do_connect", _require_file)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)


def _ask_idle_connections(engine: Engine) -> None:
    """Have the pool replace a connection that a restart of the server or a firewall ended while it was idle."""

    def returned(_: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
        entry.info["returned"] = time.monotonic()

    def taken(connection: DBAPIConnection, entry: ConnectionPoolEntry, _: PoolProxiedConnection) -> None:
        if time.monotonic() - entry.info.get("returned", 0.0) < _IDLE:
            return
        try:
            alive = engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            if isinstance(error.__context__, TimeoutError):  # a new connection would only wait as long again
                raise OperationalError("ping", None, error, connection_invalidated=True) from error
            raise DisconnectionError(str(error)) from error
        if not alive:
            raise DisconnectionError

    event.listen(engine, "checkin", returned)
    event.listen(engine, "checkout", taken)


def _require_file(_: Dialect, __: ConnectionPoolEntry, given: Sequence[Any], ___: dict[str, Any]) -> None:
    """Refuse to connect where there is no file: SQLite would make an empty one. What cannot be seen it refuses itself."""
    try:
        os.stat(given[0])  # noqa: PTH116 - asked for every connection
    except (FileNotFoundError, NotADirectoryError) as error:
        raise no_database(given[0]) from error
    except OSError:
        return


def _prepare_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver would otherwise begin transactions on its own terms
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes the one write lock at once: one that began by reading could not wait for it later."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
