"""A list of messages over all depositions, newest first, slice by slice.

A keyword is looked for in the list of words that each message has (service/words.py), by one of two ways: the full-text
index gives every message that holds the rarest word, of all times; or the messages of the window are gone through. The index
costs by what holds the word, the other way by what the window holds, so a sample decides which is shorter (plan.py).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sqlalchemy import Connection, text

from service.messages import FileReference, Message, Status, attributes
from service.storage.database.plan import matching
from service.storage.database.tables import CATEGORY_TABLES, column_of, file_column
from service.vocabulary import CONTENT_TYPES
from service.window import Begin, Found, Place, Slice, Wanted

_PLACE = "sent_at, deposition_data_set_id, content_type, position"
_NEWEST_FIRST = "sent_at DESC, deposition_data_set_id DESC, content_type DESC, position DESC"
#: As text, which SQLAlchemy passes on: it takes longer to build such a statement than MariaDB to answer it.
_MESSAGES = "SELECT {columns} FROM pdbx_deposition_message_info WHERE {where} ORDER BY {order} LIMIT {limit}"
#: Messages that one slice goes through at most, so that no statement takes long and no transaction stays open.
_STEP = 4000
#: Messages whose files are asked for at once; from 500 on, MariaDB makes a table of their keys first.
_KEYS = 250
#: MariaDB is told the index: it would look at each key in two of them first, and for many keys read whole depositions.
_BELONGING = "SELECT {columns} FROM {table}{index} WHERE (deposition_data_set_id, message_id) IN ({pairs})"

#: The deposition and the id of a message, which another program may have left out.
_Owner = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class _Where:
    """Conditions that all hold, and the values of their parameters."""

    conditions: list[str]
    values: dict[str, Any]

    def add(self, condition: str, *values: object) -> None:
        """Add a condition whose parameters are written `{}`."""
        names = [f"value_{n}" for n in range(len(self.values), len(self.values) + len(values))]
        self.conditions.append(condition.format(*(f":{name}" for name in names)))
        self.values.update(zip(names, values, strict=True))


def slice_of(connection: Connection, wanted: Wanted, behind: Place | None, way: str, limit: int) -> Slice:
    """Give the wanted messages behind a place, at most `limit`, with their files and statuses; `way` is as planned."""
    where = _within(wanted, behind)
    end = _end(connection, where) if wanted.keywords and not way else None
    for needle in (needle for keyword in wanted.keywords for needle in keyword.needles):
        where.add("instr(words, {}) > 0", needle)
    if end is not None:
        where.add("sent_at >= {}", end.sent_at)
        where.add("(sent_at > {} OR (deposition_data_set_id, content_type, position) >= ({}, {}, {}))", *end)
    if way:
        where.add(*matching(connection, way))
    rows = _ask(connection, f"{_PLACE}, {_columns(wanted)}", where, f"{limit}")
    last = Place(*rows[-1][:4]) if len(rows) == limit else end
    return Slice(_found(connection, wanted, rows), None if last is None else Begin(last, way))


def _ask(connection: Connection, columns: str, where: _Where, limit: str) -> Sequence[Any]:
    conditions = " AND ".join(where.conditions)
    statement = _MESSAGES.format(columns=columns, where=conditions, order=_NEWEST_FIRST, limit=limit)
    return connection.execute(text(statement), where.values).all()


def _columns(wanted: Wanted) -> str:
    """List the attributes; the text, by far the most of a message, only where it is needed."""
    left_out = () if wanted.needs_text else ("message_text",)
    return ", ".join("NULL" if a in left_out else column_of(a) for a in attributes(Message))


def _within(wanted: Wanted, behind: Place | None) -> _Where:
    """Limit a list to its window, its depositions and files, and to what comes behind a place."""
    where = _Where([], {})
    where.add("sent_at >= {}", wanted.since)
    where.add("sent_at <= {}", wanted.last if behind is None else min(wanted.last, behind.sent_at))
    for column, admitted in (("deposition_data_set_id", wanted.depositions), ("content_type", wanted.content_types)):
        if admitted:
            where.add(f"{column} IN ({', '.join(['{}'] * len(admitted))})", *admitted)
    if behind is not None:
        where.add("(sent_at < {} OR (deposition_data_set_id, content_type, position) < ({}, {}, {}))", *behind)
    return where


def _end(connection: Connection, where: _Where) -> Place | None:
    """Give the place up to which a slice goes, told by the index alone; `None` where it goes to the end."""
    return next((Place(*row) for row in _ask(connection, _PLACE, where, f"1 OFFSET {_STEP - 1}")), None)


def _found(connection: Connection, wanted: Wanted, rows: Iterable[Any]) -> Iterator[Found]:
    """Read what belongs to the wanted ones of some messages, and give them with it, each made as it is asked for."""
    placed = [(Place(*row[:4]), Message(row[2], *row[4:])) for row in rows]
    admitted = [(p, m, (p.deposition_data_set_id, m.message_id)) for p, m in placed if wanted.admits_listed(m)]
    files = _belonging(connection, FileReference, [key for _, _, key in admitted])
    statuses = _belonging(connection, Status, [key for _, _, key in admitted])
    homes = _homes(connection, [key for p, _, key in admitted if any(row[1] != p.content_type for row in files[key])])
    return (
        Found(
            place,
            message,
            tuple(FileReference(*row[3:]) for row in files[key] if row[1] not in others),
            _first(statuses[key]),
        )
        for place, message, key in admitted
        for others in [homes.get(key, set()) - {place.content_type}]
    )


def _homes(connection: Connection, keys: list[_Owner]) -> dict[_Owner, set[str]]:
    """Tell which files hold a message of an id: what belongs to it there belongs to no other one (service/letters.py)."""
    return {key: {row[1] for row in rows} for key, rows in _belonging(connection, Message, keys).items()}


def _belonging(
    connection: Connection, kind: type[Message | FileReference | Status], keys: list[_Owner]
) -> dict[_Owner, list[tuple[Any, ...]]]:
    """Give the rows that belong to each of some messages, in file order.

    They stay plain tuples: kept by the thousand, values of our own make garbage collection dearer than reading them.
    """
    columns = ("deposition_data_set_id", file_column(kind), "position", *map(column_of, attributes(kind)))
    table = CATEGORY_TABLES[kind].name
    pair, pairs, index = "(%s, %s)", "{}", f" FORCE INDEX (ix_{table}_message_id)"
    if connection.dialect.name == "sqlite":
        pair, pairs, index = "(?, ?)", "VALUES {}", ""
    statement = _BELONGING.format(columns=", ".join(columns), table=table, index=index, pairs=pairs)
    message_id = columns.index("message_id")
    found: defaultdict[_Owner, list[tuple[Any, ...]]] = defaultdict(list)
    named = sorted({(deposition, key) for deposition, key in keys if key})
    for n in range(0, len(named), _KEYS):
        part = named[n : n + _KEYS]
        asked = statement.format(", ".join([pair] * len(part)))
        for row in connection.exec_driver_sql(asked, tuple(chain.from_iterable(part))):
            found[row[0], row[message_id]].append(row[:])
    for rows in found.values():
        rows.sort(key=lambda row: (CONTENT_TYPES.index(row[1]), row[2]))
    return found


def _first(rows: list[tuple[Any, ...]]) -> Status | None:
    return Status(*rows[0][3:]) if rows else None
