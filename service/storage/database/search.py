"""A list of messages over all depositions, newest first, slice by slice.

A keyword is looked for in the list of words that each message has (service/words.py), by one of two ways: the full-text
index gives every message that holds the rarest word, of all times; or the messages of the window are gone through. The index
costs by what holds the word, the other way by what the window holds, so a sample decides which is shorter (plan.py).
"""

from collections import defaultdict
from collections.abc import Iterable
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
#: Messages whose files are asked for at once.
_KEYS = 500


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


def _found(connection: Connection, wanted: Wanted, rows: Iterable[Any]) -> tuple[Found, ...]:
    placed = [(Place(*row[:4]), Message(row[2], *row[4:])) for row in rows]
    admitted = [(place, message) for place, message in placed if wanted.admits_listed(message)]
    keys = sorted({(place.deposition_data_set_id, message.message_id) for place, message in admitted if message.message_id})
    files: defaultdict[tuple[str, str | None], list[FileReference]] = defaultdict(list)
    statuses: dict[tuple[str, str | None], Status] = {}
    for key, file in _belonging(connection, FileReference, keys):
        files[key, file.message_id].append(file)
    for key, status in _belonging(connection, Status, keys):
        statuses.setdefault((key, status.message_id), status)
    return tuple(
        Found(place, message, tuple(files.get(key, ())), statuses.get(key))
        for place, message in admitted
        for key in [(place.deposition_data_set_id, message.message_id)]
    )


def _belonging(connection: Connection, kind: type[Any], keys: list[tuple[str, str]]) -> Iterable[tuple[str, Any]]:
    """Give what belongs to some messages, each with its deposition, in file order."""
    table = CATEGORY_TABLES[kind]
    key = table.c.deposition_data_set_id
    columns = (key, table.c.in_file, table.c.position, *(table.c[column_of(a)] for a in attributes(kind)))
    found: list[Any] = []
    for n in range(0, len(keys), _KEYS):
        wanted = tuple_(key, table.c.message_id).in_(keys[n : n + _KEYS])
        found += connection.execute(select(*columns).where(wanted)).all()
    for row in sorted(found, key=lambda row: (CONTENT_TYPES.index(row[1]), row[2])):
        yield row[0], kind(*row[3:])
