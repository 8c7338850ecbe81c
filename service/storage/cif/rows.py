"""The rows of a scanned file as domain values, and a change as what is put into its categories."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from service.amend import missing
from service.deltas import Delta
from service.messages import (
    CATEGORIES,
    CATEGORY_NAMES,
    FileReference,
    Message,
    OriginalCommunication,
    Row,
    Section,
    Status,
    attributes,
)
from service.storage.cif.document import Layout, Table, tokens
from service.storage.cif.document import Tokens as Rows
from service.storage.cif.splice import Put, Tokens
from service.storage.cif.text import from_token, to_token
from service.vocabulary import TO_DEPOSITOR

_ATTRIBUTES = {row: attributes(row) for row in CATEGORIES.values()}
Find = Callable[[type[Any], str], list[tuple[int, Any]]]


def section_of(data: bytes, layout: Layout, content_type: str, collected: Mapping[str, Rows]) -> Section:
    """Read the four categories of one file; statuses are those of the to-depositor file (reference section 1.1)."""

    def read(kind: type[Any]) -> tuple[Any, ...]:
        table = layout.tables.get(CATEGORY_NAMES[kind])
        if table is None:
            return ()
        return rows_of(table, collected.get(table.name) or tokens(data, table), kind, content_type)

    statuses = read(Status) if content_type == TO_DEPOSITOR else ()
    return Section(content_type, read(Message), read(FileReference), read(OriginalCommunication), statuses)


def rows_of(table: Table, found: Rows, kind: type[Any], content_type: str) -> tuple[Any, ...]:
    """Read rows of one category from their values as they stand."""
    empty: list[str | None] = [None] * len(found)
    by_column = dict(zip(table.attributes, zip(*found, strict=True), strict=True))
    columns = [_texts(by_column[a]) if a in by_column else empty for a in _ATTRIBUTES[kind]]
    fixed = (content_type,) if kind is Message else ()
    return tuple([kind(*fixed, *cells) for cells in zip(*columns, strict=True)])


def between(old: Section, new: Section) -> Iterator[Put]:
    """Bring a section to another content, whose rows stand where the old ones do, with more behind them."""
    for (kind, before), (_, after) in zip(old.categories(), new.categories(), strict=True):
        yield from _put(kind, _changed(before, after), after[len(before) :])


def changing(delta: Delta, find: Find) -> Iterator[Put]:
    """Put a change into its categories; `find` gives the rows of a message with their positions."""
    row = delta.replace or delta.status
    if row is not None:
        there = dict(find(type(row), str(row.message_id))[:1])
        yield from _put(type(row), {n: (old, row) for n, old in there.items()}, () if there else (row,))
    yield from _put(Message, {}, (delta.append,) if delta.append else ())
    for kind, references in ((FileReference, delta.files), (OriginalCommunication, delta.originals)):
        yield from _put(kind, {}, _lacking(kind, references, delta.replace, find))


def _lacking(kind: type[Any], rows: tuple[Any, ...], message: Message | None, find: Find) -> tuple[Any, ...]:
    """Give the references that a replaced message lacks; a new one lacks them all."""
    return missing(rows, [row for _, row in find(kind, str(message.message_id))]) if message and rows else rows


def _put(kind: type[Row], replaced: Mapping[int, tuple[Row, Row]], added: Sequence[Row]) -> Iterator[Put]:
    if replaced or added:
        values = {n: _differences(old, new) for n, (old, new) in replaced.items()}
        meant = {n: new for n, (_, new) in replaced.items()}
        yield Put(CATEGORY_NAMES[kind], _ATTRIBUTES[kind], values, [tokens_of(row) for row in added], meant, added)


def tokens_of(row: Row) -> Tokens:
    """Encode the attributes of a row as they stand in a file."""
    return {a: to_token(getattr(row, a)) for a in _ATTRIBUTES[type(row)]}


def _changed(before: Sequence[Row], after: Sequence[Row]) -> dict[int, tuple[Row, Row]]:
    if before == after[: len(before)]:
        return {}
    return {n: (a, b) for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b}


def _differences(old: Row, new: Row) -> Tokens:
    return {a: to_token(getattr(new, a)) for a in _ATTRIBUTES[type(new)] if getattr(new, a) != getattr(old, a)}


def _texts(column: Sequence[bytes]) -> list[str | None]:
    """Decode a column; most of its values recur."""
    known = {token: from_token(token) for token in set(column)}
    return [known[token] for token in column]
