"""Read back what is to be written, with mmcif, the wwPDB's own library, before it replaces anything."""

import io
import re
from typing import Any

from mmcif.io.PdbxReader import PdbxReader

from service.messages import Row
from service.storage.cif.document import scan, tokens
from service.storage.cif.splice import Edit, fragment
from service.storage.cif.text import decode, from_token

#: What mmcif's Python reader takes apart as we do.
_PLAIN = re.compile(rb"[\t\n\r\x20-\x7f]*")


class UnreadableRow(AssertionError):
    """A row that is read differently from what was meant: a defect of ours, so nothing is written."""


def confirm(changes: list[Edit]) -> None:
    """Raise UnreadableRow unless mmcif reads every row that is put as it was meant; each edit is a block of its own.

    Its Python reader drops blanks at the end of a value, so these are not compared (TRAPS.md). It parts values at Unicode
    and control characters too, so old values that hold some are read back with our own reader.
    """
    for edit in changes:
        if _PLAIN.fullmatch(fragment(edit)) is None:
            _confirm_with_ours(edit)
    changes = [edit for edit in changes if _PLAIN.fullmatch(fragment(edit))]
    if not changes:
        return
    text = b"".join(b"data_%d\n" % n + fragment(edit) for n, edit in enumerate(changes))
    blocks: list[Any] = []
    PdbxReader(io.StringIO(text.decode("utf-8"))).read(blocks)
    for edit, block in zip(changes, blocks, strict=True):
        read = block.getObj(edit.table.name)
        if read.getRowCount() != len(edit.rows):
            raise UnreadableRow(f"{edit.table.name}: meant {len(edit.rows)} rows, mmcif reads {read.getRowCount()}")
        for position, meant in enumerate(edit.rows):
            if meant is not None:
                _compare(read.getRowAttributeDict(position), meant)


def _confirm_with_ours(edit: Edit) -> None:
    data = b"data_0\n" + fragment(edit)
    table = scan(data).tables[edit.table.name]
    for found, meant in zip(tokens(data, table), edit.rows, strict=True):
        for attribute, token in zip(table.attributes, found, strict=True):
            text = from_token(token)
            if meant is not None and (getattr(meant, attribute, text) or None) != (text or None):
                raise UnreadableRow(f"{attribute} of {type(meant).__name__} does not read back as it was meant")


def _compare(read: dict[str, str], meant: Row) -> None:
    for attribute, value in read.items():
        text = getattr(meant, attribute, value) or "?"
        found = value or "?"  # an empty quotation says as much
        if text != found and text.rstrip() != decode(found).rstrip():
            raise UnreadableRow(f"{attribute} of {type(meant).__name__}: meant {text!r}, mmcif reads {value!r}")
