"""The conflict log: both values of every row that was changed on both sides, beside the file in `state_dir`.

It has no foreign key, for it outlives whatever becomes of a deposition, and no index, for it is short and read by people.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0003"
down_revision = "0002"

_TEXT = sa.Text().with_variant(mysql.LONGTEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql")


def upgrade() -> None:
    """Create the table; it may be there after a run that was ended in the middle, for MariaDB cannot undo that."""
    op.create_table(
        "conflict_log",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("deposition_data_set_id", sa.String(64), nullable=False),
        sa.Column("time", sa.String(32), nullable=False),
        sa.Column("category", sa.String(64), nullable=False),
        sa.Column("kept", _TEXT),
        sa.Column("lost", _TEXT),
        if_not_exists=True,
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_row_format="DYNAMIC",
    )


def downgrade() -> None:
    """Refuse: the log is what tells what was decided against whom."""
    raise RuntimeError("this migration is not undone: keep the database, the table harms nobody")
