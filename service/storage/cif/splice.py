"""Put rows into a file's bytes: what is not changed is copied as it stands (issue: no foreign byte moves)."""

import re

from service.storage.cif.document import CLOSING, FRAME, Document, Table

_LINE_REST = re.compile(rb"[ \t]*(?:\r?\n|\Z)")
_MISSING = b"?"

Tokens = dict[str, bytes]


def append(document: Document, category: str, attributes: tuple[str, ...], rows: list[Tokens]) -> bytes:
    """Append rows to a category, which may be in pair form, lack columns, or not be there at all."""
    table = document.tables.get(category)
    if table is None:
        return _with_new_category(document, category, attributes, rows)
    missing = [a for a in attributes if a not in table.attributes]
    if table.is_loop and all(row[a] == _MISSING for row in rows for a in missing):
        return _with_rows(document.data, table, rows)
    columns = [*table.attributes, *missing]
    old = [dict(zip(table.attributes, tokens, strict=True)) for tokens in table.tokens(document.data)]
    text = category_text(category, columns, [*old, *rows]).removesuffix(CLOSING)
    return document.data[: table.begin] + text + document.data[_line_end(document.data, table.end) :]


def replace(document: Document, table: Table, row: int, new: Tokens) -> bytes:
    """Replace values of one row; a value whose column the file does not have is added with its column."""
    data, width = document.data, len(table.attributes)
    old = dict(zip(table.attributes, table.tokens(data)[row], strict=True))
    missing = [a for a, token in new.items() if a not in old and token != _MISSING]
    if missing or not table.is_loop:
        columns = [*table.attributes, *missing]
        rows = [dict(zip(table.attributes, tokens, strict=True)) for tokens in table.tokens(data)]
        rows[row] |= new
        text = category_text(table.name, columns, rows).removesuffix(CLOSING)
        return data[: table.begin] + text + data[_line_end(data, table.end) :]
    begin, end = table.spans[row * width][0], table.spans[(row + 1) * width - 1][1]
    tokens = [(old | new)[a] for a in table.attributes]
    lead = b"" if begin == 0 or data[begin - 1 : begin] == b"\n" or not _is_block(tokens[0]) else b"\n"
    return data[:begin] + lead + row_text(tokens, [0] * width) + data[_line_end(data, end) :]


def category_text(name: str, attributes: list[str], rows: list[Tokens]) -> bytes:
    """Write a category in the exact legacy form, its closing line included (reference section 3)."""
    items = [f"_{name}.{a}".encode() for a in attributes]
    tokens = [[row.get(a, _MISSING) for a in attributes] for row in rows]
    if len(tokens) == 1:
        width = max(map(len, items)) + 3
        return b"".join(_pair_text(item.ljust(width), token) for item, token in zip(items, tokens[0], strict=True)) + CLOSING
    head = b"loop_\n" + b"".join(item + b" \n" for item in items)
    widths = [max(map(_width, column)) for column in zip(*tokens, strict=True)]
    return head + b"".join(row_text(row, widths) for row in tokens) + CLOSING


def row_text(tokens: list[bytes], widths: list[int]) -> bytes:
    """Write one row of a loop: padded values each with a blank, text blocks on lines of their own."""
    out = bytearray()
    for token, width in zip(tokens, widths, strict=True):
        if _is_block(token):
            out += (b"\n" if out and not out.endswith(b"\n") else b"") + token + b"\n"
        else:
            out += token.ljust(width) + b" "
    return bytes(out if out.endswith(b"\n") else out + b"\n")


def _with_rows(data: bytes, table: Table, rows: list[Tokens]) -> bytes:
    flat = [data[begin:end] for begin, end in table.spans]
    width = len(table.attributes)
    widths = [max(map(_width, flat[i::width])) for i in range(width)]
    text = b"".join(row_text([row.get(a, _MISSING) for a in table.attributes], widths) for row in rows)
    at = _line_end(data, table.end)
    return data[:at] + (b"" if data[at - 1 : at] == b"\n" else b"\n") + text + data[at:]


def _with_new_category(document: Document, category: str, attributes: tuple[str, ...], rows: list[Tokens]) -> bytes:
    head, tail = document.data[: document.block_end], document.data[document.block_end :]
    if not head.strip():
        head = FRAME
    return head + (b"" if head.endswith(b"\n") else b"\n") + category_text(category, list(attributes), rows) + tail


def _pair_text(item: bytes, token: bytes) -> bytes:
    return item + b"\n" + token + b"\n" if _is_block(token) else item + token + b" \n"


def _is_block(token: bytes) -> bool:
    return token.startswith(b";") and token.endswith(b"\n;")


def _width(token: bytes) -> int:
    """Count a text block as its bytes and two more, as the legacy writer does: `;`, text, LF, `;` is three more."""
    return len(token) - 1 if _is_block(token) else len(token)


def _line_end(data: bytes, position: int) -> int:
    """Find where the line that a value ends on is over; the position itself where something follows on the line."""
    match = _LINE_REST.match(data, position)
    return match.end() if match else position
