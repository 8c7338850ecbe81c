"""What one request waits for: a database for which it waited in vain is not asked by it again; an outage costs one timeout.

Work outside of requests asks each time.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from service.errors import DatabaseUnavailable

#: Seconds; a timeout takes longer.
_AT_ONCE = 0.5
_found_away: ContextVar[bool | None] = ContextVar("found_away", default=None)


def begin() -> None:
    """Begin a request, which has found nothing away yet."""
    _found_away.set(False)


def end() -> None:
    """End a request; what the same thread does then is none."""
    _found_away.set(None)


@contextmanager
def tried() -> Iterator[None]:
    """Take note, within a request, of a call for which it waited in vain.

    One that fails at once costs nothing, and may have failed for its own connection alone.
    """
    begun = time.monotonic()
    try:
        yield
    except DatabaseUnavailable:
        if _found_away.get() is False and time.monotonic() - begun > _AT_ONCE:
            _found_away.set(True)
        raise


def is_given_up() -> bool:
    """Tell whether this request has found the database away."""
    return _found_away.get() is True
