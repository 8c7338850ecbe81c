"""Read back what is to be written before it replaces anything: with our own reader, and mmcif where readers might differ."""

import io
import re
from typing import Any

from mmcif.io.PdbxReader import PdbxReader

from service.errors import UnreadableRow
from service.messages import Row
from service.storage.cif.document import DamagedCif, Tokens, rows_only, tokens
from service.storage.cif.scanner import scan
from service.storage.cif.splice import Edit, Kind, fragment
from service.storage.cif.text import decode, from_token

#: What mmcif's Python reader takes apart as we do.
_PLAIN = re.compile(rb"[\t\n\r\x20-\x7f]*")
#: Values that no two readers read differently: nothing in them could begin, end or part one.
_SIMPLE = re.compile(rb"[A-Za-z0-9?.][A-Za-z0-9.:+/_-]*|'[^'\"\n\t]*'|;[\x20-\x7e\n]*\n;")
_KEYWORD = re.compile(rb"(?i:data|loop|save|stop|global)_")


def confirm(data: bytes, changes: list[Edit]) -> None:
    """Raise UnreadableRow unless every row that is put into a file reads back as it was meant.

    Each edit is read as a block of its own, so it is looked at too where it meets the old bytes.
    mmcif, the wwPDB's own library, is asked too where a value holds more than letters. Its Python reader parts values at
    Unicode and control characters, so it is not asked about old values that hold some.
    """
    for edit in changes:
        _confirm_seams(data, edit)
    doubtful = [edit for edit in changes if not _is_simple(_confirmed(edit)) and _PLAIN.fullmatch(fragment(edit))]
    if not doubtful:
        return
    text = b"".join(b"data_%d\n" % n + fragment(edit) for n, edit in enumerate(doubtful))
    blocks: list[Any] = []
    PdbxReader(io.StringIO(text.decode("utf-8"))).read(blocks)
    for edit, block in zip(doubtful, blocks, strict=True):
        (name,) = block.getObjNameList()
        read = block.getObj(name)
        if read.getRowCount() != len(edit.rows):
            raise UnreadableRow(f"{edit.table.name}: meant {len(edit.rows)} rows, mmcif reads {read.getRowCount()}")
        for position, meant in enumerate(edit.rows):
            if meant is not None:
                _compare(read.getRowAttributeDict(position), meant)


def _confirm_seams(data: bytes, edit: Edit) -> None:
    """Raise UnreadableRow where an edit would run into what stands before or behind it, or begin a text block midway."""
    before, behind = data[max(edit.begin - 1, 0) : edit.begin], data[edit.end : edit.end + 1]
    begins = not before or before == b"\n" or edit.text[:1].isspace() or (before.isspace() and edit.text[:1] != b";")
    last = data[edit.end - 1 : edit.end]
    is_before_block = edit.kind is Kind.NEW and last.isspace() and behind != b";"  # which may begin midway in a line
    ends = edit.text.endswith(b"\n") and (not behind or behind.isspace() or last in {b"\n", b""} or is_before_block)
    if not begins or not ends:
        raise UnreadableRow(f"{edit.table.name}: what is put at byte {edit.begin} runs into what stands there")


def _confirmed(edit: Edit) -> Tokens:
    """Read an edit with our own strict reader and compare it with what was meant; give its values as they stand."""
    attributes, found = _rows(edit) if edit.kind is Kind.ROWS else _table(edit)
    if found is None or len(found) != len(edit.rows):
        raise UnreadableRow(f"{edit.table.name}: meant {len(edit.rows)} rows, {len(found or ())} are read")
    for row, meant in zip(found, edit.rows, strict=True):
        for attribute, token in zip(attributes, row, strict=True) if meant is not None else ():
            text = from_token(token)
            if (getattr(meant, attribute, text) or None) != (text or None):
                raise UnreadableRow(f"{attribute} of {type(meant).__name__} does not read back as it was meant")
    return found


def _rows(edit: Edit) -> tuple[list[str], Tokens | None]:
    return edit.table.attributes, rows_only(edit.text, len(edit.table.attributes))


def _table(edit: Edit) -> tuple[list[str], Tokens | None]:
    collected: dict[str, Tokens] = {}
    data = b"data_0\n" + edit.text
    try:
        tables = scan(data, collected).tables
    except DamagedCif as error:
        raise UnreadableRow(f"{edit.table.name}: {error}") from error
    table = tables[edit.table.name]
    return table.attributes, (collected.get(table.name) or tokens(data, table)) if len(tables) == 1 else None


def _is_simple(found: Tokens) -> bool:
    return all(_SIMPLE.fullmatch(token) and not _KEYWORD.match(token) for token in set().union(*found))


def _compare(read: dict[str, str], meant: Row) -> None:
    for attribute, value in read.items():
        text = getattr(meant, attribute.lower(), value) or "?"
        found = value or "?"  # an empty quotation says as much
        if text != found and text.rstrip() != decode(found).rstrip():
            raise UnreadableRow(f"{attribute} of {type(meant).__name__}: meant {text!r}, mmcif reads {value!r}")
