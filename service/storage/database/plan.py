"""Which way a search goes: through the full-text index, or through the messages of the window (search.py).

Measured on MariaDB 10.11: a message that the index gives costs about 25 microseconds, whenever it was sent; one that is gone
through about 15. Without a look at the messages nobody knows how many hold a word, so a sample is counted first.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text

from service.bounded import Bounded
from service.window import Wanted
from service.words import INDEXED, MARK, SHORTEST

#: What one message of the index costs, as a multiple of one that is gone through.
_COST = 25 / 15
#: A window of fewer messages is gone through without further thought.
_FEW = 300
#: Messages looked at in the first sample, from how many times, and the share of the window that a larger one may take.
_SAMPLE, _PLACES, _SHARE = 16, 4, 20
#: How many times as large the next sample is, and how much farther before the window each of its times.
_GROWTH = 4
#: Matches to reckon with where the sample shows none.
_UNSEEN = 0.3
#: Seconds for which a way is kept, and how many ways are.
_SECONDS, _MOST = 60, 1000
_EARLIEST, _LATEST = datetime(1990, 1, 1), "9999-01-01"

_HOLDS = "nullif(instr(words, :term_{0}), 0) AS holds_{0}"
_NEWEST = (
    "SELECT * FROM (SELECT {holds} FROM pdbx_deposition_message_info WHERE sent_at <= :time_{n}"
    " ORDER BY sent_at DESC LIMIT :each) AS newest_{n}"
)
_COUNTED = "SELECT count(*), {counts} FROM ({sample}) AS sample"
_MARIADB = "MATCH (words) AGAINST ({} IN BOOLEAN MODE)"
_SQLITE = (
    "(deposition_data_set_id, content_type, position) IN"
    " (SELECT deposition_data_set_id, content_type, position FROM message_search_key"
    " WHERE id IN (SELECT rowid FROM message_search WHERE message_search MATCH {}))"
)
_MARIADB_SIZES = (
    "EXPLAIN SELECT sent_at FROM pdbx_deposition_message_info WHERE sent_at >= :since AND sent_at <= :last"
    " UNION ALL SELECT sent_at FROM pdbx_deposition_message_info"
)
_SQLITE_SIZES = (
    "SELECT (SELECT max(id) FROM message_search_key),"
    " (SELECT count(*) FROM pdbx_deposition_message_info WHERE sent_at >= :since AND sent_at <= :last)"
)


@dataclass(frozen=True, slots=True)
class _Sizes:
    """How many messages there are in all and in the window, roughly."""

    total: int
    window: int


class Ways:
    """The way of each search, kept for a while: its next page, and whoever asks the same, need no sample."""

    def __init__(self) -> None:
        self._kept: Bounded[tuple[object, ...], str] = Bounded(_MOST, lambda *_: 1)

    def of(self, connection: Connection, wanted: Wanted) -> str:
        """Give the way that was chosen a short time ago for such words and days; choose it where none was."""
        if wanted.depositions or not wanted.keywords:
            return ""
        key = (wanted.keywords, wanted.since[:10], wanted.last[:10], time.monotonic() // _SECONDS)
        way = self._kept.get(key)
        if way is None:
            way = way_of(connection, wanted)
            self._kept.keep(key, way)
        return way


def way_of(connection: Connection, wanted: Wanted) -> str:
    """Choose the word to ask the full-text index for; empty where the window is gone through."""
    terms = sorted(
        {n for keyword in wanted.keywords for n in keyword.needles if n.startswith(MARK) and len(n.strip()) > SHORTEST}
    )
    if not terms or wanted.depositions:
        return ""
    sizes = _sizes(connection, wanted)
    if sizes.window < _FEW:
        return ""
    asked = _SAMPLE
    rarest, hits, size = _rarest(connection, wanted, terms, asked)
    while hits == 0 and not _is_shorter(sizes, hits, size) and asked * _GROWTH <= sizes.window // _SHARE:
        asked *= _GROWTH
        rarest, hits, size = _rarest(connection, wanted, terms, asked)
    return rarest if _is_shorter(sizes, hits, size) else ""


def matching(connection: Connection, needle: str) -> tuple[str, str]:
    """Give the condition that a message holds a word, or one that begins so, told by the full-text index; and its value."""
    term = needle.strip()[:INDEXED]
    if connection.dialect.name == "sqlite":
        return _SQLITE, f'"{term}"*'
    return _MARIADB, f"+{term}*"


def _is_shorter(sizes: _Sizes, hits: int, size: int) -> bool:
    """Tell whether the index is the shorter way for a word that a sample of some size holds so often."""
    return max(hits, _UNSEEN) / size * sizes.total * _COST < sizes.window


def _rarest(connection: Connection, wanted: Wanted, terms: list[str], size: int) -> tuple[str, int, int]:
    """Give the word that the fewest messages of a sample hold, how many those are, and how large the sample is."""
    numbers = range(len(terms))
    times = {f"time_{n}": place for n, place in enumerate(_places(wanted))}
    holds = ", ".join(map(_HOLDS.format, numbers))
    sample = " UNION ALL ".join(_NEWEST.format(holds=holds, n=n) for n in range(_PLACES))
    counted = text(_COUNTED.format(counts=", ".join(f"count(holds_{n})" for n in numbers), sample=sample))
    sought = {f"term_{n}": term for n, term in enumerate(terms)}
    looked_at, *hits = connection.execute(counted, times | sought | {"each": size // _PLACES}).one()
    fewest, _, rarest = min((found, -len(term), term) for found, term in zip(hits, terms, strict=True))
    return rarest, fewest, max(looked_at, 1)


def _places(wanted: Wanted) -> list[str]:
    """Give the times before which a sample looks: in the window, and ever farther before it."""
    last = min(datetime.fromisoformat(wanted.until or _LATEST), datetime.now(UTC).replace(tzinfo=None))
    length = max(last - datetime.fromisoformat(wanted.since), timedelta(hours=1))
    room = last - _EARLIEST
    return [str(last - min(length * (_GROWTH**n - 1) / 2, room)) for n in range(_PLACES)]


def _sizes(connection: Connection, wanted: Wanted) -> _Sizes:
    """Ask the indexes; the numbers of MariaDB are its estimates."""
    window = {"since": wanted.since, "last": wanted.last}
    if connection.dialect.name == "sqlite":
        total, within = connection.execute(text(_SQLITE_SIZES), window).one()
    else:
        within, total = (row.rows for row in connection.execute(text(_MARIADB_SIZES), window).all()[:2])
    return _Sizes(int(total or 0), int(within or 0))
