"""All rows of the database as plain values, and back; what is derived from others is left out and made anew."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Select, Table, delete, func, insert, select

from service.errors import Conflict, DamagedBackup
from service.messages import Message
from service.storage.database.identity import Identity, identity_of
from service.storage.database.rows import derived
from service.storage.database.schema import opened
from service.storage.database.tables import CATEGORY_TABLES, DERIVED, conflict_log, deposition, signature_column
from service.vocabulary import CONTENT_TYPES
from settings import Settings

_TABLES: dict[str, Table] = {table.name: table for table in (deposition, *CATEGORY_TABLES.values(), conflict_log)}
_BATCH = 200
Rows = Iterator[dict[str, Any]]


@contextmanager
def dumped(settings: Settings) -> Iterator[tuple[str | None, Iterator[tuple[str, Rows]]]]:
    """Give the database's identity and the rows of each table, all as they were at one moment, while others write.

    Few rows are in memory at a time; they are taken in order. Raises DatabaseNotReady for another database than the site's.
    """
    with opened(settings, patient=True) as engine:
        level = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        with engine.execution_options(**level).begin() as connection:
            identity = identity_of(connection)
            Identity(settings.state_dir).check(identity)
            yield identity, ((name, _rows(connection, table)) for name, table in _TABLES.items())


def is_filled(settings: Settings) -> bool:
    """Tell whether the database holds depositions."""
    with opened(settings, patient=True) as engine, engine.begin() as connection:
        return bool(connection.scalar(_count(deposition)))


def loaded(
    settings: Settings,
    tables: Iterable[tuple[str, Rows]],
    expected: Mapping[str, int],
    begin: Callable[[], None],
    *,
    replace: bool,
) -> None:
    """Put rows into the empty tables, or in place of those there, in one transaction, or none of them.

    `begin` is called once it is known that they may be put there, before the first one is. Raises Conflict for a database
    that holds depositions, DamagedBackup where the rows are not as many as expected.
    """
    with opened(settings, patient=True) as engine, engine.execution_options(writes=True).begin() as connection:
        for table in reversed(_TABLES.values()) if replace else ():
            connection.execute(delete(table))
        if connection.scalar(_count(deposition)):
            raise Conflict("the database holds depositions already; restore into an empty one, or with --confirm")
        begin()
        for name, rows in tables:
            while batch := [_completed(name, row) for row in islice(rows, _BATCH)]:
                connection.execute(insert(_TABLES[name]), batch)
        # a table younger than the backup is not counted
        counts = {name: connection.scalar(_count(_TABLES[name])) or 0 for name in expected}
        if counts != dict(expected):
            raise DamagedBackup(f"the manifest counts {dict(expected)}, the database {counts}; nothing was kept")


def _rows(connection: Connection, table: Table) -> Rows:
    columns = [column for column in table.columns if column.name not in DERIVED]
    statement: Select[Any] = select(*columns).order_by(*table.primary_key.columns)
    for row in connection.execute(statement, execution_options={"stream_results": True, "yield_per": _BATCH}).mappings():
        yield dict(row)


def _completed(name: str, row: dict[str, Any]) -> dict[str, Any]:
    """Add what is derived. The signatures are forgotten: they are those of other files, however equal.

    The version goes on beyond all that were counted behind the backup, so that no tag of an answer means two contents.
    """
    if name == deposition.name:
        return row | {signature_column(c): None for c in CONTENT_TYPES} | {"version": row["version"] + int(time.time())}
    if name == CATEGORY_TABLES[Message].name:
        return row | derived(row["timestamp"], row["message_subject"], row["message_text"])
    return row


def _count(table: Table) -> Select[int]:
    return select(func.count()).select_from(table)
