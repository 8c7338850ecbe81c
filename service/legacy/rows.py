"""Rows as the legacy class hands them out and takes them, and our own (reference sections 2 and 4).

It gives `?` for null, text as it stands in a file (`&#233;` for é), and takes both that and plain text.
"""

from collections.abc import Mapping
from typing import Any

from service.errors import InvalidInput
from service.ids import known_id
from service.messages import CATEGORIES, Message, R, Row, attributes
from service.storage.cif.text import decode, encode
from service.text import accepted

Value = str | int | None
Dictionary = dict[str, Value]

NULL = "?"
INFO, FILES, ORIGINALS, STATUS = CATEGORIES
ATTRIBUTES = {name: attributes(row) for name, row in CATEGORIES.items()}


def shown(row: Row) -> Dictionary:
    """Give a stored row as the legacy class would read it from a file."""
    return {name: _shown(getattr(row, name)) for name in attributes(type(row))}


def taken(kind: type[R], row: Mapping[str, Value], content_type: str) -> R:
    """Give the row that a dictionary of the legacy class stands for. Raises InvalidInput for a text no file can carry."""
    values: dict[str, Any] = {name: _taken(name, row.get(name)) for name in attributes(kind)}
    if values["message_id"] is None:
        raise InvalidInput.of("message_id", "is missing; every row belongs to a message")
    known_id(values["message_id"])
    return kind(content_type, **values) if kind is Message else kind(**values)


def _shown(text: str | None) -> str:
    if text is None:
        return NULL
    return text if text == "." else encode(text)


def _taken(field: str, value: Value) -> str | None:
    text = "" if value is None or value == NULL else str(value)
    return accepted(field, decode(text))
