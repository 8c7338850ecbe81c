"""Searching messages: the list of their words under a full-text index, and their times under an index.

Every message has both, whoever writes it: the columns refuse to be empty. MariaDB keeps the full-text index by itself,
SQLite by triggers. A run that was ended in the middle is taken up where it stopped: MariaDB cannot undo a change of a table.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from service.window import sent_at
from service.words import listed

revision = "0002"
down_revision = "0001"

_MESSAGES = "pdbx_deposition_message_info"
_KEYS = ("deposition_data_set_id", "content_type", "position")
_TEXT = sa.Text().with_variant(mysql.LONGTEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql")
_TIME = sa.String(19)
_BATCH = 20

#: A message has a number of its own in the index: the one that SQLite gives its row may change with VACUUM.
_SQLITE = (
    "DROP TABLE IF EXISTS message_search_key",
    "DROP TABLE IF EXISTS message_search",
    "CREATE TABLE message_search_key (id INTEGER PRIMARY KEY, deposition_data_set_id VARCHAR(64) NOT NULL,"
    " content_type VARCHAR(32) NOT NULL, position INTEGER NOT NULL,"
    " UNIQUE (deposition_data_set_id, content_type, position))",
    "CREATE VIRTUAL TABLE message_search USING fts5(words, content='', tokenize=\"ascii tokenchars '_'\")",
    "INSERT INTO message_search_key (deposition_data_set_id, content_type, position)"
    " SELECT deposition_data_set_id, content_type, position FROM pdbx_deposition_message_info",
    "INSERT INTO message_search (rowid, words) SELECT id, words FROM message_search_key"
    " JOIN pdbx_deposition_message_info USING (deposition_data_set_id, content_type, position)",
)
_ADD = """
INSERT INTO message_search_key (deposition_data_set_id, content_type, position)
    VALUES (new.deposition_data_set_id, new.content_type, new.position);
INSERT INTO message_search (rowid, words) SELECT id, new.words FROM message_search_key
    WHERE (deposition_data_set_id, content_type, position) = (new.deposition_data_set_id, new.content_type, new.position);
"""
_REMOVE = """
INSERT INTO message_search (message_search, rowid, words) SELECT 'delete', id, old.words FROM message_search_key
    WHERE (deposition_data_set_id, content_type, position) = (old.deposition_data_set_id, old.content_type, old.position);
DELETE FROM message_search_key
    WHERE (deposition_data_set_id, content_type, position) = (old.deposition_data_set_id, old.content_type, old.position);
"""
_TRIGGERS = {"insert": _ADD, "delete": _REMOVE, "update": _REMOVE + _ADD}


def upgrade() -> None:
    """Add the columns, fill them, and index them."""
    connection = op.get_bind()
    columns = {column["name"] for column in sa.inspect(connection).get_columns(_MESSAGES)}
    for name, kind in (("words", _TEXT), ("sent_at", _TIME)):
        if name not in columns:
            op.add_column(_MESSAGES, sa.Column(name, kind, nullable=True))
    _fill(connection)
    with op.batch_alter_table(_MESSAGES) as table:
        table.alter_column("words", existing_type=_TEXT, nullable=False)
        table.alter_column("sent_at", existing_type=_TIME, nullable=False)
    indexes = {index["name"] for index in sa.inspect(connection).get_indexes(_MESSAGES)}
    if f"ix_{_MESSAGES}_sent_at" not in indexes:
        op.create_index(f"ix_{_MESSAGES}_sent_at", _MESSAGES, ["sent_at", *_KEYS])
    if connection.dialect.name == "sqlite":
        _index_sqlite(connection)
    elif "ft_message_search" not in indexes:
        op.execute(f"CREATE FULLTEXT INDEX ft_message_search ON {_MESSAGES} (words)")


def downgrade() -> None:
    """Refuse: the versions before know no way without these columns either, for they may not be empty."""
    raise RuntimeError("this migration is not undone: keep the database, the columns harm nobody")


def _fill(connection: sa.Connection) -> None:
    """Fill in what the messages lack, some depositions at a time."""
    columns: list[sa.ColumnClause[str]] = [
        sa.column(name) for name in (*_KEYS, "timestamp", "message_subject", "message_text", "words", "sent_at")
    ]
    messages = sa.table(_MESSAGES, *columns)
    keys = [messages.c[name] for name in _KEYS]
    lacking = sa.select(*columns[:6]).where(messages.c.words.is_(None) | messages.c.sent_at.is_(None))
    change = sa.update(messages).where(*(key == sa.bindparam(f"its_{key.name}") for key in keys))
    change = change.values(words=sa.bindparam("its_words"), sent_at=sa.bindparam("its_time"))
    depositions: sa.Select[tuple[str]] = sa.select(sa.column("deposition_data_set_id")).select_from(sa.table("deposition"))
    known = connection.scalars(depositions).all()
    for n in range(0, len(known), _BATCH):
        rows = [
            {f"its_{name}": row[n] for n, name in enumerate(_KEYS)}
            | {"its_time": sent_at(row[3]), "its_words": listed(row[4], row[5])}
            for row in connection.execute(lacking.where(keys[0].in_(known[n : n + _BATCH])))
        ]
        if rows:
            connection.execute(change, rows)


def _index_sqlite(connection: sa.Connection) -> None:
    for statement in _SQLITE:
        connection.exec_driver_sql(statement)
    for event, work in _TRIGGERS.items():
        connection.exec_driver_sql(f"CREATE TRIGGER message_search_{event} AFTER {event} ON {_MESSAGES} BEGIN {work} END")
