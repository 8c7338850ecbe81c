"""What a database's schema lacks of what the tables say, in plain words.

Alembic's comparison finds most of it. It leaves out primary keys and collations, and the full-text index is not in the
tables, for each kind of server makes it in its own way. What a database has beside ours is no defect,
but for a column that must be filled.
"""

from collections.abc import Iterator
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Connection, ForeignKeyConstraint, Index, Inspector, Table, inspect, text

from service.messages import Message
from service.storage.database.tables import CATEGORY_TABLES, COLLATION, metadata

_MESSAGES = CATEGORY_TABLES[Message].name
#: What the second migration makes for searching on SQLite.
_SEARCH = ("message_search", "message_search_key", *(f"message_search_{event}" for event in ("insert", "delete", "update")))


def defects(connection: Connection) -> tuple[str, ...]:
    """Name each table and what is missing or different in it; nothing for a sound schema."""
    inspector = inspect(connection)
    found = [*_compared(connection), *_keys(inspector)]
    found += _of_sqlite(connection) if connection.dialect.name == "sqlite" else _of_mysql(connection, inspector)
    return tuple(found)


def _compared(connection: Connection) -> Iterator[str]:
    def is_ours(name: str | None, kind: str, _parents: object) -> bool:
        return kind != "table" or name in metadata.tables

    context = MigrationContext.configure(connection, opts={"include_name": is_ours, "compare_type": True})
    for entry in compare_metadata(context, metadata):
        for difference in entry if isinstance(entry, list) else [entry]:
            if told := _told(connection, *difference):
                yield told


def _told(connection: Connection, kind: str, *what: Any) -> str | None:
    """Say in words what Alembic found; nothing for what is there beside ours and stands in nobody's way."""
    match kind, what:
        case "add_table", (table,):
            return f"table {table.name} is missing"
        case "add_index", (Index(name=name, table=Table(name=table)),):
            return f"table {table}: index {name} is missing or another"
        case "add_fk", (ForeignKeyConstraint(column_keys=columns, table=table),):
            return f"table {table.name}: the foreign key of {', '.join(columns)} is missing or another"
        case _, (_, str(table), *column):
            fault = _of_column(connection, kind, *column)
            return fault and f"table {table}: column {fault}"
    return None


def _of_column(connection: Connection, kind: str, *what: Any) -> str | None:
    match kind, what:
        case "add_column", (Column(name=name),):
            return f"{name} is missing"
        case "remove_column", (Column(name=name, nullable=False, server_default=None),):
            return f"{name} is not ours and must be filled"
        case "modify_type", (name, _, found, wanted):
            found, wanted = (one.compile(dialect=connection.dialect) for one in (found, wanted))
            return f"{name} is {found} and not {wanted}"
        case "modify_nullable", (name, _, found, _):
            return f"{name} {'may' if found else 'may not'} be empty"
    return None


def _keys(inspector: Inspector) -> Iterator[str]:
    there = set(inspector.get_table_names())
    for table in metadata.sorted_tables:
        wanted = [column.name for column in table.primary_key]
        if table.name in there and inspector.get_pk_constraint(table.name)["constrained_columns"] != wanted:
            yield f"table {table.name}: the primary key ({', '.join(wanted)}) is missing or another"


def _of_sqlite(connection: Connection) -> Iterator[str]:
    there = set(connection.scalars(text("SELECT name FROM sqlite_master WHERE type IN ('table', 'trigger')")))
    for name in _SEARCH:
        if name not in there:
            yield f"table {_MESSAGES}: {name} of its full-text index is missing"


def _of_mysql(connection: Connection, inspector: Inspector) -> Iterator[str]:
    if inspector.has_table(_MESSAGES) and "ft_message_search" not in {i["name"] for i in inspector.get_indexes(_MESSAGES)}:
        yield f"table {_MESSAGES}: its full-text index ft_message_search is missing"
    columns = connection.execute(
        text(
            "SELECT table_name, column_name, collation_name FROM information_schema.columns"
            " WHERE table_schema = DATABASE() AND collation_name <> :ours ORDER BY table_name, ordinal_position"
        ),
        {"ours": COLLATION},
    )
    for table, column, collation in columns:
        if table in metadata.tables:
            yield f"table {table}: column {column} compares by {collation} and not {COLLATION}"
