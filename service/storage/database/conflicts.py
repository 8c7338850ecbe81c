"""The conflict log as a table: both values of every row that was changed on both sides (DESIGN.md section 5)."""

import json
from collections.abc import Iterable

from sqlalchemy import Connection, insert, update

from service.conflicts import Difference
from service.storage.database.tables import conflict_log


def note(connection: Connection, deposition_data_set_id: str, conflicts: Iterable[Difference]) -> None:
    """Add a row for each conflict.

    Each value has a statement of its own: two long messages together may be more than a server takes in one.
    """
    for conflict in conflicts:
        entry = conflict.entry(deposition_data_set_id)
        kept, lost = (json.dumps(entry.pop(side), ensure_ascii=False) for side in ("kept", "lost"))
        added = connection.execute(insert(conflict_log).values(entry | {"kept": kept})).lastrowid
        connection.execute(update(conflict_log).where(conflict_log.c.id == added).values(lost=lost))
