"""The correspondence: the four categories, the deposition that holds them, and the database's identity.

Written out and not taken from the tables, so that it stays what it was when the tables move on. A run that was ended in the
middle is taken up where it stopped: MariaDB cannot undo a change of a table.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from service.errors import DatabaseNotReady

revision = "0001"
down_revision = None

_OPTIONS: dict[str, Any] = {
    "if_not_exists": True,
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "mysql_row_format": "DYNAMIC",
}
_TEXT = sa.Text().with_variant(mysql.LONGTEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql")

_CATEGORIES = {
    "pdbx_deposition_message_info": (
        "content_type",
        "ordinal_id message_id stated_data_set_id timestamp sender context_type context_value parent_message_id "
        "message_subject message_text message_type send_status",
    ),
    "pdbx_deposition_message_file_reference": (
        "in_file",
        "ordinal_id message_id stated_data_set_id content_type content_format partition_number version_id storage_type "
        "upload_file_name",
    ),
    "pdbx_deposition_message_origcomm_reference": (
        "in_file",
        "ordinal_id message_id stated_data_set_id orig_message_id orig_deposition_data_set_id orig_timestamp orig_sender "
        "orig_recipient orig_message_subject orig_attachments",
    ),
    "pdbx_deposition_message_status": ("in_file", "message_id stated_data_set_id read_status action_reqd for_release"),
}


def upgrade() -> None:
    """Create the tables that are not there."""
    _require_no_rows_without(set(sa.inspect(op.get_bind()).get_table_names()))
    op.create_table("database_identity", sa.Column("identity", sa.String(36), primary_key=True), **_OPTIONS)
    op.create_table(
        "deposition",
        sa.Column("deposition_data_set_id", sa.String(64), primary_key=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("cif_behind", sa.Boolean(), nullable=False),
        sa.Column("synced_at", sa.String(19)),
        sa.Column("messages_to_depositor_signature", sa.String(160)),
        sa.Column("messages_from_depositor_signature", sa.String(160)),
        sa.Column("notes_from_annotator_signature", sa.String(160)),
        **_OPTIONS,
    )
    for name, (file_column, attributes) in _CATEGORIES.items():
        op.create_table(
            name,
            sa.Column("deposition_data_set_id", sa.String(64), sa.ForeignKey("deposition.deposition_data_set_id")),
            sa.Column(file_column, sa.String(32), nullable=False),
            sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
            *(sa.Column(attribute, _TEXT) for attribute in attributes.split()),
            sa.PrimaryKeyConstraint("deposition_data_set_id", file_column, "position"),
            **_OPTIONS,
        )
        index = f"ix_{name}_message_id"
        if index not in {found["name"] for found in sa.inspect(op.get_bind()).get_indexes(name)}:
            op.create_index(index, name, ["deposition_data_set_id", "message_id"], mysql_length={"message_id": 64})


def _require_no_rows_without(tables: set[str]) -> None:
    """Raise DatabaseNotReady for a database in use that lacks a table: an empty one would hide what was lost."""
    lacking = sorted(_CATEGORIES.keys() - tables)
    if lacking and "deposition" in tables and op.get_bind().scalar(sa.text("SELECT 1 FROM deposition LIMIT 1")):
        raise DatabaseNotReady(
            f"the database holds depositions and lacks {', '.join(lacking)} and its schema version: put them back, "
            "or restore a backup into an empty database"
        )


def downgrade() -> None:
    """Refuse: going back means dropping the correspondence."""
    raise RuntimeError("the first migration is not undone: drop the database by hand if that is what you want")
