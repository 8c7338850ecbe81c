"""Many depositions at once: what is recorded of them, and new ones inserted with few statements."""

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Table, func, select

from service.clock import timestamp
from service.messages import Correspondence, Message, Row, attributes
from service.storage.base import Snapshot
from service.storage.database.rows import derived
from service.storage.database.tables import CATEGORY_TABLES, DERIVED, column_of, deposition, file_column, signature_column
from service.vocabulary import CONTENT_TYPES

_RECORDED = ("deposition_data_set_id", "version", "cif_behind", "synced_at", *map(signature_column, CONTENT_TYPES))


def states(connection: Connection, keys: Sequence[str]) -> dict[str, Snapshot]:
    """Read what is recorded of depositions, without their rows; one that is not known is left out."""
    columns = (deposition.c[name] for name in _RECORDED if name != "synced_at")
    found = connection.execute(select(*columns).where(deposition.c.deposition_data_set_id.in_(keys)))
    return {
        key: Snapshot(Correspondence(key), dict(zip(CONTENT_TYPES, signatures, strict=True)), version, behind)
        for key, version, behind, *signatures in found
    }


def row_counts(connection: Connection, keys: Sequence[str]) -> dict[str, int]:
    """Count the rows of all categories of each deposition."""
    counts = dict.fromkeys(keys, 0)
    for table in CATEGORY_TABLES.values():
        key = table.c.deposition_data_set_id
        for name, count in connection.execute(select(key, func.count()).where(key.in_(keys)).group_by(key)):
            counts[name] += count
    return counts


def add(connection: Connection, snapshots: Sequence[Snapshot]) -> None:
    """Insert depositions that are not known, with all their rows and the signatures of the files these were read from."""
    now = timestamp()
    recorded = [
        (s.correspondence.deposition_data_set_id, 1, False, now, *(s.signatures[c] for c in CONTENT_TYPES))
        for s in snapshots
    ]
    _insert(connection, deposition, _RECORDED, recorded)
    for row, table in CATEGORY_TABLES.items():
        columns = ("deposition_data_set_id", file_column(row), "position", *map(column_of, attributes(row)))
        if row is Message:
            columns += DERIVED
        _insert(connection, table, columns, list(_values(snapshots, row)))


def _values(snapshots: Sequence[Snapshot], row: type[Row]) -> Iterator[tuple[Any, ...]]:
    values = attrgetter(*attributes(row))
    for snapshot in snapshots:
        key = snapshot.correspondence.deposition_data_set_id
        for section in snapshot.correspondence.sections:
            rows = next(rows for kind, rows in section.categories() if kind is row)
            for position, one in enumerate(rows, 1):
                yield key, section.content_type, position, *values(one), *_derived(one)


def _derived(row: Row) -> tuple[object, ...]:
    """Give what a table keeps for searching besides what the file holds."""
    if not isinstance(row, Message):
        return ()
    return tuple(derived(row.timestamp, row.message_subject, row.message_text).values())


def _insert(connection: Connection, table: Table, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
    """Hand whole rows to the driver, which makes few statements of them; a name of each value in between costs a third."""
    if rows:
        quote, is_mark = connection.dialect.identifier_preparer, connection.dialect.paramstyle == "qmark"
        names, marks = map(quote.quote, columns), ("?" if is_mark else "%s" for _ in columns)
        statement = f"INSERT INTO {quote.format_table(table)} ({', '.join(names)}) VALUES ({', '.join(marks)})"  # noqa: S608
        connection.exec_driver_sql(statement, rows)
