"""The rows of a scanned file as domain values, and a change as a splice."""

from typing import Any

from service.messages import CATEGORIES, FileReference, Message, OriginalCommunication, Row, Section, Status, attributes
from service.storage.cif import splice
from service.storage.cif.document import DamagedCif, Document, Table, scan
from service.storage.cif.text import from_token, to_token
from service.vocabulary import TO_DEPOSITOR

CATEGORY_NAMES: dict[type[Row], str] = {row: name for name, row in CATEGORIES.items()}
_ATTRIBUTES = {row: attributes(row) for row in CATEGORIES.values()}


def section_of(document: Document, content_type: str) -> Section:
    """Read the four categories of one file; statuses are those of the to-depositor file (reference section 1.1).

    Raises DamagedCif where a value is no UTF-8.
    """
    return Section(
        content_type,
        messages=tuple(_read(document, Message, content_type=content_type)),
        files=tuple(_read(document, FileReference)),
        originals=tuple(_read(document, OriginalCommunication)),
        statuses=tuple(_read(document, Status)) if content_type == TO_DEPOSITOR else (),
    )


def spliced(data: bytes, old: Section, new: Section) -> bytes:
    """Bring the bytes that hold `old` to hold `new`, whose rows stand where the old ones do, with more behind them."""
    for (_, before), (_, after) in zip(old.categories(), new.categories(), strict=True):
        for position, (was, becomes) in enumerate(zip(before, after, strict=False)):
            if was is not becomes and was != becomes:
                data = with_replaced(data, position, becomes)
        data = with_rows(data, after[len(before) :])
    return data


def with_rows(data: bytes, rows: tuple[Row, ...]) -> bytes:
    """Append rows of one category."""
    if not rows:
        return data
    row = type(rows[0])
    return splice.append(scan(data), CATEGORY_NAMES[row], _ATTRIBUTES[row], [tokens_of(r) for r in rows])


def with_replaced(data: bytes, position: int, row: Row) -> bytes:
    """Replace the row at a position of its category, touching only the values that differ."""
    document = scan(data)
    table = document.tables[CATEGORY_NAMES[type(row)]]
    width = len(table.attributes)
    spans = table.spans[position * width : (position + 1) * width]
    old = {a: _text(data, span, table, a) for a, span in zip(table.attributes, spans, strict=True)}
    new = {a: t for a, t in tokens_of(row).items() if old.get(a) != getattr(row, a)}
    return splice.replace(document, table, position, new)


def tokens_of(row: Row) -> splice.Tokens:
    """Encode the attributes of a row as they stand in a file."""
    return {a: to_token(getattr(row, a)) for a in _ATTRIBUTES[type(row)]}


def _read(document: Document, row: type[Any], **fixed: str) -> list[Any]:
    table = document.tables.get(CATEGORY_NAMES[row])
    if table is None:
        return []
    empty = [None] * table.row_count
    columns = [_column(document.data, table, a) if a in table.attributes else empty for a in _ATTRIBUTES[row]]
    return [row(*fixed.values(), *values) for values in zip(*columns, strict=True)]


def _column(data: bytes, table: Table, attribute: str) -> list[str | None]:
    start = table.attributes.index(attribute)
    return [_text(data, span, table, attribute) for span in table.spans[start :: len(table.attributes)]]


def _text(data: bytes, span: tuple[int, int], table: Table, attribute: str) -> str | None:
    try:
        return from_token(data[span[0] : span[1]])
    except UnicodeDecodeError as error:
        raise DamagedCif(f"a value of {table.name}.{attribute} that is no UTF-8 stands", span[0] + error.start) from error
