"""The time, always UTC: as records of our own keep it, and as the files keep it."""

from datetime import UTC, datetime

#: The form of a time in the files (reference section 5).
TIMESTAMP = "%Y-%m-%d %H:%M:%S"


def utc_now() -> str:
    """Give the time as ISO 8601 in UTC with microseconds."""
    return iso(datetime.now(UTC))


def iso(time: datetime) -> str:
    """Write a time so that later ones sort behind earlier ones."""
    return time.isoformat(timespec="microseconds")


def timestamp(time: datetime | None = None) -> str:
    """Write a time, this one where none is given, as the files keep it."""
    return (time or datetime.now(UTC)).strftime(TIMESTAMP)
