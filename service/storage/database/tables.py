"""The tables, named as the mmCIF categories, each attribute a column (DESIGN.md section 5)."""

from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, MetaData, String, Table, Text
from sqlalchemy.dialects.mysql import LONGTEXT
from sqlalchemy.schema import SchemaItem

from service.messages import CATEGORIES, Message, Row, attributes
from service.vocabulary import CONTENT_TYPES
from service.window import LENGTH

COLLATION = "utf8mb4_bin"
#: Keys compare by code point, and a `Text` that stopped at 64 KiB would cut a message (TRAPS.md).
TABLE_OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": COLLATION,
    "mysql_row_format": "DYNAMIC",
}
#: No length is imposed on what a file may hold without one.
TEXT = Text().with_variant(LONGTEXT(charset="utf8mb4", collation=COLLATION), "mysql")

metadata = MetaData()
db = SQLAlchemy(metadata=metadata)


def signature_column(content_type: str) -> str:
    """Name the column of a file's recorded signature."""
    return f"{content_type.replace('-', '_')}_signature"


deposition = Table(
    "deposition",
    metadata,
    Column("deposition_data_set_id", String(64), primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("cif_behind", Boolean, nullable=False),
    Column("synced_at", String(19)),
    *(Column(signature_column(c), String(160)) for c in CONTENT_TYPES),
    **TABLE_OPTIONS,
)

database_identity = Table("database_identity", metadata, Column("identity", String(36), primary_key=True), **TABLE_OPTIONS)

#: `kept` and `lost` are rows as JSON, `category` is the name of theirs; `time` is UTC, ISO 8601 (service/conflicts.py).
conflict_log = Table(
    "conflict_log",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("deposition_data_set_id", String(64), nullable=False),
    Column("time", String(32), nullable=False),
    Column("category", String(64), nullable=False),
    Column("kept", TEXT),
    Column("lost", TEXT),
    **TABLE_OPTIONS,
)


def file_column(row: type[Row]) -> str:
    """Name the column that says which of the three files holds a row; for a message that is its `content_type`."""
    return "content_type" if row is Message else "in_file"


def column_of(attribute: str) -> str:
    """Name the column of an attribute. A row may state another deposition than the one it is kept with: a copy does."""
    return "stated_data_set_id" if attribute == "deposition_data_set_id" else attribute


#: What is derived from a message for searching (service/words.py, service/window.py), and never left out: the list of the
#: words of its subject and text, and the part of its timestamp that orders messages.
DERIVED = ("words", "sent_at")


def _derived(row: type[Row], name: str) -> tuple[SchemaItem, ...]:
    if row is not Message:
        return ()
    keys = ("deposition_data_set_id", "content_type", "position")
    return (
        Column("words", TEXT, nullable=False),
        Column("sent_at", String(LENGTH), nullable=False),
        Index(f"ix_{name}_sent_at", "sent_at", *keys),
    )


def _category(name: str, row: type[Row]) -> Table:
    return Table(
        name,
        metadata,
        Column("deposition_data_set_id", String(64), ForeignKey("deposition.deposition_data_set_id"), primary_key=True),
        Column(file_column(row), String(32), primary_key=True),
        Column("position", Integer, primary_key=True, autoincrement=False),
        *(Column(column_of(a), TEXT) for a in attributes(row)),
        *_derived(row, name),
        Index(f"ix_{name}_message_id", "deposition_data_set_id", "message_id", mysql_length={"message_id": 64}),
        **TABLE_OPTIONS,
    )


CATEGORY_TABLES: dict[type[Row], Table] = {row: _category(name, row) for name, row in CATEGORIES.items()}
