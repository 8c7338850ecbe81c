"""Bring bytes of a to-depositor file to other rows, and hold the foretold layout against a scan of the result."""

from dataclasses import replace
from typing import Any

from service.messages import FileReference, Message, OriginalCommunication, Row, Section, Status
from service.storage.cif import document, rows, splice
from service.storage.cif.scanner import scan
from service.vocabulary import TO_DEPOSITOR


def section_of(data: bytes) -> Section:
    return rows.section_of(data, scan(data), TO_DEPOSITOR, {})


def places(layout: document.Layout) -> document.Layout:
    """Leave out of a layout what says nothing of a table in pair form: where its values begin."""
    tables = {n: t if t.is_loop else replace(t, body=t.begin) for n, t in layout.tables.items()}
    return replace(layout, tables=tables)


def changed(old: bytes, new: Section) -> bytes:
    """Bring bytes to a section; where everything then stands is foretold as a scan finds it."""
    layout = scan(old)
    edits = [e for put in rows.between(section_of(old), new) for e in splice.edits(old, layout, put)]
    data = b"".join(splice.pieces(old, edits))
    assert places(splice.moved(old, layout, edits)) == places(scan(data))
    return data


def with_category(section: Section, kind: type[Row], found: tuple[Any, ...]) -> Section:
    names = {Message: "messages", FileReference: "files", OriginalCommunication: "originals", Status: "statuses"}
    values: dict[str, Any] = {names[kind]: found}
    return replace(section, **values)


def with_rows(old: bytes, *more: Row) -> bytes:
    section = section_of(old)
    kind = type(more[0])
    return changed(old, with_category(section, kind, (*dict(section.categories())[kind], *more)))


def with_replaced(old: bytes, position: int, row: Row) -> bytes:
    section = section_of(old)
    found = list(dict(section.categories())[type(row)])
    found[position] = row
    return changed(old, with_category(section, type(row), tuple(found)))
