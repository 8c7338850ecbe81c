"""How far a migration has come: the depositions of each store, counted beside the scrapes, which wait for no store."""

import threading
import time
from dataclasses import dataclass, field

from service.errors import MessagingError
from service.logs import log
from service.storage.build import Stores
from settings import Profile

#: Seconds for which a count is told again, and those that a scrape waits for a new one.
_FRESH, _PATIENCE = 60.0, 0.3


@dataclass(slots=True)
class Counted:
    """The depositions of each store that could be asked, and how many of them the database recorded as in both."""

    profile: str
    at: float
    by_store: dict[str, int] = field(default_factory=dict)
    in_both: int | None = None


class Progress:
    """Count now and then, in a thread of its own: a directory of 200 000 entries or a database that hangs takes its time."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._beginning = threading.Lock()
        self._counting: threading.Thread | None = None
        self._last: Counted | None = None

    def counted(self, profile: Profile) -> Counted | None:
        """Give the last count under a profile, a new one where that is due and done soon; nothing where none is there."""
        with self._beginning:
            last, counting = self._last, self._counting
            due = last is None or last.profile != profile.name or time.monotonic() - last.at > _FRESH
            if due and not (counting and counting.is_alive()):
                counting = threading.Thread(target=self._count, args=(profile,), name="count-depositions", daemon=True)
                counting.start()
                self._counting = counting
        if due and counting:
            counting.join(_PATIENCE)
        last = self._last
        return last if last is not None and last.profile == profile.name else None

    def _count(self, profile: Profile) -> None:
        cif, database = self._stores.cif, self._stores.database
        found = Counted(profile.name, time.monotonic())
        try:
            if profile.writes_cif:
                found.by_store[cif.name] = sum(1 for _ in cif.site.depositions())
            if profile.uses_database:
                tally = database.tally()
                found.by_store[database.name], found.in_both = tally.known, tally.recorded
        except MessagingError as error:
            log.warning("depositions_not_counted", error=error.message)
        self._last = found
