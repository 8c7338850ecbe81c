"""Rows of the tables as domain values, within a transaction that the store has opened."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    Table,
    Update,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)

from service.amend import missing
from service.deltas import Delta
from service.messages import (
    CATEGORIES,
    Correspondence,
    Counts,
    FileReference,
    Message,
    OriginalCommunication,
    Row,
    Section,
    Status,
    attributes,
)
from service.storage.database.tables import CATEGORY_TABLES, DERIVED, column_of, file_column
from service.vocabulary import CONTENT_TYPES, TO_DEPOSITOR
from service.window import sent_at
from service.words import listed

_COLUMNS = {row: tuple(column_of(a) for a in attributes(row)) for row in CATEGORIES.values()}


def _all(row: type[Row]) -> Select[Any]:
    """Build the statement for the rows of a deposition in file order: the file, and what it holds."""
    table = CATEGORY_TABLES[row]
    in_file = table.c[file_column(row)]
    chosen = select(in_file, *(table.c[c] for c in _COLUMNS[row]))
    return chosen.where(table.c.deposition_data_set_id == bindparam("key")).order_by(in_file, table.c.position)


def _is_of_message(table: Table) -> ColumnElement[bool]:
    return and_(table.c.deposition_data_set_id == bindparam("key"), table.c.message_id == bindparam("message"))


def _of_message(row: type[Row]) -> Select[Any]:
    """Build the statement for the rows of a message: the file, what it holds, and the position last."""
    table = CATEGORY_TABLES[row]
    chosen = select(table.c[file_column(row)], *(table.c[c] for c in _COLUMNS[row]), table.c.position)
    return chosen.where(_is_of_message(table))


def _replacing(row: type[Row]) -> Update:
    """Build the statement that puts other values into the row at a place."""
    table = CATEGORY_TABLES[row]
    place = {"key": table.c.deposition_data_set_id, "file": table.c[file_column(row)], "place": table.c.position}
    return update(table).where(*(column == bindparam(name) for name, column in place.items()))


def _last(row: type[Row]) -> ScalarSelect[int | None]:
    """Build the part of a statement that asks for the last position of a category in a file."""
    table = CATEGORY_TABLES[row]
    where = (table.c.deposition_data_set_id == bindparam("key"), table.c[file_column(row)] == bindparam("file"))
    return select(func.max(table.c.position)).where(*where).scalar_subquery()


# the statements of every change, built once: building one costs as much as MariaDB takes to answer it
_ALL = {row: _all(row) for row in CATEGORY_TABLES}
_OF_MESSAGE = {row: _of_message(row) for row in CATEGORY_TABLES}
_COUNTS = select(*(_last(row) for row in (Message, FileReference, OriginalCommunication)))
_AHEAD = _COUNTS.add_columns(exists().where(_is_of_message(CATEGORY_TABLES[Message])))
_LAST_STATUS = select(_last(Status))
_INSERT = {row: insert(table) for row, table in CATEGORY_TABLES.items()}
_REPLACE = {row: _replacing(row) for row in CATEGORY_TABLES}


class Rows:
    """The rows of one deposition; it is the View that a change is resolved against."""

    def __init__(self, connection: Connection, deposition_data_set_id: str) -> None:
        self._connection = connection
        self._key = {"key": deposition_data_set_id}
        self._counted: dict[str, Counts] = {}
        self._absent: set[str] = set()
        self.deposition_data_set_id = deposition_data_set_id

    def correspondence(self) -> Correspondence:
        """Read everything, in file order."""
        found: dict[str, dict[type[Row], list[Row]]] = {c: {r: [] for r in CATEGORY_TABLES} for c in CONTENT_TYPES}
        for row in CATEGORY_TABLES:
            for values in self._connection.execute(_ALL[row], self._key).all():
                found[values[0]][row].append(_made(row, values))
        return Correspondence(self.deposition_data_set_id, tuple(_section(c, found[c]) for c in CONTENT_TYPES))

    def look_ahead(self, content_type: str, message_id: str) -> None:
        """Ask at once what appending a message asks one after the other: the counts, and whether its id is taken."""
        given = self._key | {"file": content_type, "message": message_id}
        *last, taken = self._connection.execute(_AHEAD, given).one()
        self._counted[content_type] = _counts(last)
        if not taken:
            self._absent.add(message_id)

    def message(self, message_id: str, content_type: str | None = None) -> Message | None:
        if message_id in self._absent:
            return None
        return next((row for c, _, row in self._of(Message, message_id) if content_type in (None, c)), None)

    def references(self, message_id: str, content_type: str | None = None) -> tuple[FileReference, ...]:
        return tuple(row for c, _, row in self._of(FileReference, message_id) if content_type in (None, c))

    def originals(self, message_id: str, content_type: str | None = None) -> tuple[OriginalCommunication, ...]:
        return tuple(row for c, _, row in self._of(OriginalCommunication, message_id) if content_type in (None, c))

    def status(self, message_id: str) -> Status | None:
        return next((row for _, _, row in self._of(Status, message_id)), None)

    def counts(self, content_type: str) -> Counts:
        """Count by the last position, which one index entry tells; positions have no gaps. Asked once until rows are put."""
        if content_type not in self._counted:
            found = self._connection.execute(_COUNTS, self._key | {"file": content_type}).one()
            self._counted[content_type] = _counts(found)
        return self._counted[content_type]

    def put(self, delta: Delta) -> None:
        """Write the rows of a change: new ones at the end, known ones in their place."""
        files, originals = delta.files, delta.originals
        if delta.replace:
            self._replace(delta.content_type, delta.replace)
            key = str(delta.replace.message_id)
            files = missing(files, self.references(key, delta.content_type)) if files else ()
            originals = missing(originals, self.originals(key, delta.content_type)) if originals else ()
        counts = self.counts(delta.content_type) if delta.append or files or originals else Counts(0, 0, 0)
        self._insert(delta.content_type, [delta.append] if delta.append else [], counts.messages)
        self._insert(delta.content_type, files, counts.files)
        self._insert(delta.content_type, originals, counts.originals)
        self._counted.clear()
        self._absent.clear()
        if delta.status and not self._replace(TO_DEPOSITOR, delta.status):
            last = self._connection.scalar(_LAST_STATUS, self._key | {"file": TO_DEPOSITOR})
            self._insert(TO_DEPOSITOR, [delta.status], last or 0)

    def bring(self, old: Section, new: Section) -> bool:
        """Bring a section from one content to another; tell whether anything was written."""
        changed = False
        for (row, before), (_, after) in zip(old.categories(), new.categories(), strict=True):
            same = next(
                (n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after))
            )
            if same < len(before):
                table = CATEGORY_TABLES[row]
                self._connection.execute(delete(table).where(*self._where(row, new.content_type), table.c.position > same))
            self._insert(new.content_type, after[same:], same)
            changed = changed or before != after
        return changed

    def _of(self, row: type[Any], message_id: str) -> list[tuple[str, int, Any]]:
        """Give the rows of a message, each with its file and position."""
        rows = self._connection.execute(_OF_MESSAGE[row], self._key | {"message": message_id}).all()
        found = [(values[0], values[-1], _made(row, values[:-1])) for values in rows]
        # MariaDB takes ids that differ in blanks at their end for equal
        found = [item for item in found if item[2].message_id == message_id]
        return sorted(found, key=lambda item: (CONTENT_TYPES.index(item[0]), item[1]))

    def _where(self, row: type[Row], content_type: str) -> tuple[Any, ...]:
        table: Table = CATEGORY_TABLES[row]
        return table.c.deposition_data_set_id == self.deposition_data_set_id, table.c[file_column(row)] == content_type

    def _insert(self, content_type: str, rows: Sequence[Row], behind: int) -> None:
        if rows:
            row = type(rows[0])
            keys: dict[str, object] = {"deposition_data_set_id": self.deposition_data_set_id, file_column(row): content_type}
            values = [keys | {"position": n} | _values(r) for n, r in enumerate(rows, behind + 1)]
            self._connection.execute(_INSERT[row], values)

    def _replace(self, content_type: str, row: Message | Status) -> bool:
        found = [position for c, position, _ in self._of(type(row), str(row.message_id)) if c == content_type]
        if found:
            place = self._key | {"file": content_type, "place": found[0]}
            self._connection.execute(_REPLACE[type(row)], _values(row) | place)
        return bool(found)


def remove_rows(connection: Connection, deposition_data_set_id: str) -> None:
    """Remove the rows of a scratch deposition."""
    for table in CATEGORY_TABLES.values():
        connection.execute(delete(table).where(table.c.deposition_data_set_id == deposition_data_set_id))


def _made(row: type[Any], values: Sequence[Any]) -> Any:
    """Make a row of its file and what that holds; of the four only a message keeps the file."""
    return Message(*values) if row is Message else row(*values[1:])


def _counts(last: Sequence[int | None]) -> Counts:
    return Counts(*(n or 0 for n in last))


def _values(row: Row) -> dict[str, object]:
    """Give what a table keeps of a row, with what is derived from it for searching."""
    values = {column: getattr(row, a) for column, a in zip(_COLUMNS[type(row)], attributes(type(row)), strict=True)}
    return values | derived(row.timestamp, row.message_subject, row.message_text) if isinstance(row, Message) else values


def derived(timestamp: str | None, message_subject: str | None, message_text: str | None) -> dict[str, object]:
    """Give the columns of a message that are made from others."""
    return dict(zip(DERIVED, (listed(message_subject, message_text), sent_at(timestamp)), strict=True))


def _section(content_type: str, rows: dict[type[Row], list[Any]]) -> Section:
    return Section(
        content_type,
        messages=tuple(rows[Message]),
        files=tuple(rows[FileReference]),
        originals=tuple(rows[OriginalCommunication]),
        statuses=tuple(rows[Status]),
    )
