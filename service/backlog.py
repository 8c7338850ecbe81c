"""What one store lacks of what the other has: how many depositions are behind, and since when the oldest is."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from service.services import Services
from service.storage.pending import Markers, Pending
from settings import Profile


@dataclass(frozen=True, slots=True)
class Backlog:
    """The depositions behind, and when the oldest mark of one was set (UTC, ISO 8601); `None` where none is marked."""

    depositions: tuple[str, ...]
    oldest: str | None


def backlog(found: Services, profile: Profile) -> Backlog:
    """Ask the database, where the profile has one, and the marks in `state_dir`. Raises DatabaseUnavailable."""
    state_dir = found.settings.state_dir
    asked = found.stores.database.behind() if profile.uses_database else ()
    marked = (*Markers(state_dir).depositions(), *Pending(state_dir).depositions())
    return Backlog(tuple(sorted({*asked, *marked})), _oldest(state_dir))


def _oldest(state_dir: Path) -> str | None:
    marks = [*state_dir.glob("pending/*/*.json"), *(p for p in state_dir.glob("cif-behind/*") if p.name[0] != ".")]
    times = [_set(path) for path in marks]
    oldest = min((time for time in times if time), default=None)
    return datetime.fromtimestamp(oldest, UTC).isoformat(timespec="seconds") if oldest else None


def _set(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # brought in meanwhile
        return None
