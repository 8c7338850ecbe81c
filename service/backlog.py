"""What one store lacks of what the other has: how many depositions are behind, and since when the oldest is."""

from dataclasses import dataclass
from datetime import UTC, datetime

from service.services import Services
from service.storage.markers import Markers
from service.storage.pending import Pending
from settings import Profile


@dataclass(frozen=True, slots=True)
class Backlog:
    """The depositions behind, and when the oldest mark of one was set (UTC, ISO 8601); `None` where none is marked."""

    depositions: tuple[str, ...]
    oldest: str | None


def backlog(found: Services, profile: Profile) -> Backlog:
    """Ask the database, where the profile has one, and the marks in `state_dir`. Raises DatabaseUnavailable."""
    marks = (Markers(found.settings.state_dir), Pending(found.settings.state_dir))
    asked = found.stores.database.behind() if profile.uses_database else ()
    marked = (deposition for kept in marks for deposition in kept.depositions())
    oldest = min((time for kept in marks for time in kept.since()), default=None)
    since = datetime.fromtimestamp(oldest, UTC).isoformat(timespec="seconds") if oldest is not None else None
    return Backlog(tuple(sorted({*asked, *marked})), since)
