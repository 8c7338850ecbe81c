"""Import: the sync of one deposition, over many. A deposition succeeds or fails by itself."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from service.errors import DatabaseNotReady, DatabaseUnavailable, MessagingError
from service.sync.sync import Sync


@dataclass(slots=True)
class Totals:
    """What an import found and did: depositions found and failed, rows by what became of them."""

    found: int = 0
    failed: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    healed: int = 0
    conflicting: int = 0


def import_depositions(sync: Sync, depositions: Iterable[str], complain: Callable[[str, MessagingError], None]) -> Totals:
    """Sync each deposition and add up. One that fails is told and counted; a database that is down ends the import.

    Raises DatabaseUnavailable and DatabaseNotReady.
    """
    totals = Totals()
    for deposition_data_set_id in depositions:
        totals.found += 1
        try:
            report = sync.run(deposition_data_set_id, "import")
        except (DatabaseUnavailable, DatabaseNotReady):
            raise
        except MessagingError as error:
            totals.failed += 1
            complain(deposition_data_set_id, error)
            continue
        totals.inserted += report.database.added
        totals.updated += report.database.updated
        totals.unchanged += report.database.unchanged
        totals.healed += report.healed
        totals.conflicting += report.conflicts
    return totals
