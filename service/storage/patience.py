"""What one request waits for: a database that it found away is not asked by it again. So an outage costs it one timeout.

Work outside of requests asks each time.
"""

from contextvars import ContextVar

_found_away: ContextVar[bool | None] = ContextVar("found_away", default=None)


def begin() -> None:
    """Begin a request, which has found nothing away yet."""
    _found_away.set(False)


def end() -> None:
    """End a request; what the same thread does then is none."""
    _found_away.set(None)


def give_up() -> None:
    """Take note, within a request, that the database is away."""
    if _found_away.get() is not None:
        _found_away.set(True)


def is_given_up() -> bool:
    """Tell whether this request has found the database away."""
    return _found_away.get() is True
