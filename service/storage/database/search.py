"""A list of messages over all depositions, newest first, slice by slice.

A keyword is looked for in the list of words that each message has (service/words.py), by one of two ways: the full-text
index gives every message that holds the rarest word, of all times; or the messages of the window are gone through. The index
costs by what holds the word, the other way by what the window holds, so a sample decides which is shorter (plan.py).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, null, or_, select, tuple_

from service.messages import FileReference, Message, Status, attributes
from service.storage.database.plan import matching, way_of
from service.storage.database.tables import CATEGORY_TABLES, column_of
from service.vocabulary import CONTENT_TYPES
from service.window import Begin, Found, Place, Slice, Wanted

_MESSAGES = CATEGORY_TABLES[Message]
_PLACE = (_MESSAGES.c.sent_at, _MESSAGES.c.deposition_data_set_id, _MESSAGES.c.content_type, _MESSAGES.c.position)
_NEWEST_FIRST = tuple(column.desc() for column in _PLACE)
#: Messages that one slice goes through at most, so that no statement takes long and no transaction stays open.
_STEP = 4000
#: Messages whose files are asked for at once: of more, MariaDB guesses how many rows they have, and reads whole depositions.
_KEYS = 199
_BELONGING = "SELECT {columns} FROM {table} WHERE (deposition_data_set_id, message_id) IN ({pairs})"


def slice_of(connection: Connection, wanted: Wanted, begin: Begin, limit: int) -> Slice:
    """Give the next wanted messages, at most `limit`, with their files and statuses."""
    way = way_of(connection, wanted) if begin.way is None else begin.way
    end = _end(connection, wanted, begin.behind) if wanted.keywords and not way else None
    within = [*_within(wanted, begin.behind), *_listed(wanted)]
    if end is not None:
        within += [_MESSAGES.c.sent_at >= end.sent_at, _not_behind(end)]
    statement = _columns(wanted).where(*within).order_by(*_NEWEST_FIRST).limit(limit)
    if way:
        statement = matching(connection, statement, way)
    rows = connection.execute(statement).all()
    last = Place(*rows[-1][:4]) if len(rows) == limit else end
    return Slice(_found(connection, wanted, rows), None if last is None else Begin(last, way))


def _columns(wanted: Wanted) -> Select[Any]:
    """Select place and attributes; the text, by far the most of a message, only where it is needed."""
    left_out = () if wanted.needs_text else ("message_text",)
    columns = (null() if a in left_out else _MESSAGES.c[column_of(a)] for a in attributes(Message))
    return select(*_PLACE, *columns)


def _within(wanted: Wanted, behind: Place | None) -> list[ColumnElement[bool]]:
    """Limit a list to its window, its depositions and files, and to what comes behind a place."""
    last = wanted.last if behind is None else min(wanted.last, behind.sent_at)
    conditions: list[ColumnElement[bool]] = [_MESSAGES.c.sent_at >= wanted.since, _MESSAGES.c.sent_at <= last]
    if wanted.depositions:
        conditions.append(_MESSAGES.c.deposition_data_set_id.in_(wanted.depositions))
    if wanted.content_types:
        conditions.append(_MESSAGES.c.content_type.in_(wanted.content_types))
    if behind is not None:
        conditions.append(or_(_MESSAGES.c.sent_at < behind.sent_at, tuple_(*_PLACE[1:]) < tuple_(*behind[1:])))
    return conditions


def _not_behind(end: Place) -> ColumnElement[bool]:
    return or_(_MESSAGES.c.sent_at > end.sent_at, tuple_(*_PLACE[1:]) >= tuple_(*end[1:]))


def _listed(wanted: Wanted) -> list[ColumnElement[bool]]:
    return [func.instr(_MESSAGES.c.words, needle) > 0 for keyword in wanted.keywords for needle in keyword.needles]


def _end(connection: Connection, wanted: Wanted, behind: Place | None) -> Place | None:
    """Give the place up to which a slice goes, told by the index alone; `None` where it goes to the end."""
    places = select(*_PLACE).where(*_within(wanted, behind)).order_by(*_NEWEST_FIRST)
    found = connection.execute(places.limit(1).offset(_STEP - 1)).one_or_none()
    return None if found is None else Place(*found)


def _found(connection: Connection, wanted: Wanted, rows: Iterable[Any]) -> Iterator[Found]:
    """Read what belongs to the wanted ones of some messages, and give them with it, each made as it is asked for."""
    placed = [(Place(*row[:4]), Message(row[2], *row[4:])) for row in rows]
    admitted = [(place, message) for place, message in placed if wanted.admits_listed(message)]
    keys = sorted({(place.deposition_data_set_id, message.message_id) for place, message in admitted if message.message_id})
    files = _belonging(connection, FileReference, keys)
    statuses = _belonging(connection, Status, keys)
    return (
        Found(place, message, tuple(FileReference(*row[3:]) for row in files[key]), _first(statuses[key]))
        for place, message in admitted
        for key in [(place.deposition_data_set_id, message.message_id)]
    )


def _belonging(
    connection: Connection, kind: type[FileReference | Status], keys: list[tuple[str, str]]
) -> dict[tuple[str, str | None], list[tuple[Any, ...]]]:
    """Give the rows that belong to each of some messages, in file order.

    They stay plain tuples: kept by the thousand, values of our own make garbage collection dearer than reading them.
    """
    columns = ("deposition_data_set_id", "in_file", "position", *map(column_of, attributes(kind)))
    pair, pairs = ("(?, ?)", "VALUES {}") if connection.dialect.name == "sqlite" else ("(%s, %s)", "{}")
    statement = _BELONGING.format(columns=", ".join(columns), table=CATEGORY_TABLES[kind].name, pairs=pairs)
    message_id = columns.index("message_id")
    found: defaultdict[tuple[str, str | None], list[tuple[Any, ...]]] = defaultdict(list)
    for n in range(0, len(keys), _KEYS):
        part = keys[n : n + _KEYS]
        asked = statement.format(", ".join([pair] * len(part)))
        for row in connection.exec_driver_sql(asked, tuple(chain.from_iterable(part))):
            found[row[0], row[message_id]].append(row[:])
    for rows in found.values():
        rows.sort(key=lambda row: (CONTENT_TYPES.index(row[1]), row[2]))
    return found


def _first(rows: list[tuple[Any, ...]]) -> Status | None:
    return Status(*rows[0][3:]) if rows else None
