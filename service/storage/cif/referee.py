"""Read back what is to be written, with mmcif, the wwPDB's own library, before it replaces anything."""

import io
from typing import Any

from mmcif.io.PdbxReader import PdbxReader

from service.messages import Row
from service.storage.cif.splice import Edit, fragment
from service.storage.cif.text import decode


class UnreadableRow(AssertionError):
    """A row that is read differently from what was meant: a defect of ours, so nothing is written."""


def confirm(changes: list[Edit]) -> None:
    """Raise UnreadableRow unless mmcif reads every row that is put as it was meant; each edit is a block of its own.

    Its Python reader drops blanks at the end of a value, so these are not compared (TRAPS.md).
    """
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


def _compare(read: dict[str, str], meant: Row) -> None:
    for attribute, value in read.items():
        text = getattr(meant, attribute, value) or "?"
        if text != value and text.rstrip() != decode(value).rstrip():
            raise UnreadableRow(f"{attribute} of {type(meant).__name__}: meant {text!r}, mmcif reads {value!r}")
