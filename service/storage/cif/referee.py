"""Read a written row back with mmcif, the wwPDB's own library, before it may replace anything."""

import io

from mmcif.io.PdbxReader import PdbxReader

from service.messages import Row
from service.storage.cif.rows import CATEGORY_NAMES, tokens_of
from service.storage.cif.splice import category_text
from service.storage.cif.text import decode


class UnreadableRow(AssertionError):
    """A row that mmcif reads differently from what was written: a defect of ours, so nothing is written."""


def confirm(row: Row) -> None:
    """Raise UnreadableRow unless mmcif reads the written form of a row as the row itself.

    Its Python reader drops blanks at the end of a value, so these are not compared (TRAPS.md).
    """
    tokens = tokens_of(row)
    text = b"data_messages\n" + category_text(CATEGORY_NAMES[type(row)], list(tokens), [tokens])
    containers: list[object] = []
    PdbxReader(io.StringIO(text.decode("utf-8"))).read(containers)
    category = containers[0].getObj(CATEGORY_NAMES[type(row)])  # type: ignore[attr-defined]
    for attribute in tokens:
        written, read = getattr(row, attribute) or "?", decode(category.getValue(attribute, 0))
        if written.rstrip() != read.rstrip():
            raise UnreadableRow(f"{attribute} of {CATEGORY_NAMES[type(row)]}: wrote {written!r}, mmcif reads {read!r}")
