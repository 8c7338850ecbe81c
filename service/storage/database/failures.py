"""What a database's failure means: one classifier for both servers (TRAPS.md)."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import exc

from service.errors import DatabaseNotReady, DatabaseRefused, DatabaseUnavailable, MessagingError

#: The server or the way to it failed: these count for the breaker.
#: 1021, 1030 and 1114 are a full disk, 1203 and 1226 connections used up, 1927 a connection that was killed, 1969 a
#: statement that took longer than the server allows.
UNAVAILABLE = frozenset(
    {1021, 1030, 1040, 1047, 1053, 1114, 1180, 1203, 1205, 1226, 1290, 1317, 1927, 1969, 2002, 2003, 2006, 2013, 2014, 2055}
)
#: The server answers, but not with our schema or not to us; 1130 is a host and 1698 a user that it does not let in.
NOT_READY = frozenset({1044, 1045, 1049, 1054, 1130, 1142, 1146, 1698})
DEADLOCK = 1213
#: How a server takes a statement that is larger than it allows; less than this much any server allows.
_CUT_OFF, _LARGE = frozenset({1153, 2006, 2013}), 8_000_000

_SQLITE_UNAVAILABLE = ("locked", "unable to open", "disk i/o", "full", "readonly", "malformed", "not a database")
_SQLITE_NOT_READY = ("no such table", "no such column")


class Deadlock(Exception):
    """The server gave this transaction up for another; the whole of it is to be tried again."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn every failure of the database into one of our errors, or into Deadlock."""
    try:
        yield
    except exc.TimeoutError as error:
        raise DatabaseUnavailable("the database has no connection free; try again shortly") from error
    except exc.DBAPIError as error:
        raise classify(error) from error
    except exc.SQLAlchemyError as error:
        raise DatabaseRefused(f"the database refused a statement: {type(error).__name__}") from error


def classify(error: exc.DBAPIError) -> MessagingError | Deadlock:
    """Say what a driver's error means. The statement's parameters are message text and are never shown."""
    code, text = _code_of(error), _text_of(error)
    if code == DEADLOCK:
        return Deadlock(text)
    if code in _CUT_OFF and (size := _size_of(error.params)) > _LARGE:
        return DatabaseRefused(
            f"the database cut the connection at a row of {size} bytes; raise max_allowed_packet of the server ({text})"
        )
    if code in NOT_READY or _says(code, text, _SQLITE_NOT_READY):
        return DatabaseNotReady(f"the database is not ready ({text}); run `msgmodule db init`, or check the credentials")
    if _is_unavailable(error, code, text):
        return DatabaseUnavailable(f"the database does not answer ({text})")
    return DatabaseRefused(f"the database refused a statement ({text})")


def _is_unavailable(error: exc.DBAPIError, code: int | None, text: str) -> bool:
    """Tell an outage from a refusal: where there is no statement nobody was let in, or a commit failed."""
    is_known = code in UNAVAILABLE or _says(code, text, _SQLITE_UNAVAILABLE)
    return error.connection_invalidated or error.statement is None or is_known


def _says(code: int | None, text: str, words: Iterable[str]) -> bool:
    """Tell whether SQLite, which has no codes, says one of these words."""
    return code is None and any(word in text.lower() for word in words)


def _size_of(params: object) -> int:
    """Give the size of the largest row of a statement, in characters, of which each takes a byte at least."""
    rows = params if isinstance(params, list) else [params]
    return max((sum(len(v) for v in _values(row) if isinstance(v, str)) for row in rows), default=0)


def _values(row: object) -> Iterable[object]:
    if isinstance(row, Mapping):
        return row.values()
    return row if isinstance(row, tuple) else ()


def _code_of(error: exc.DBAPIError) -> int | None:
    arguments = error.orig.args if error.orig else ()
    return arguments[0] if arguments and isinstance(arguments[0], int) else None


def _text_of(error: exc.DBAPIError) -> str:
    return " ".join(str(a) for a in error.orig.args) if error.orig else type(error).__name__
