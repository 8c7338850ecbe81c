"""Put rows into a file's bytes as a few edits: what is not changed is copied as it stands, byte for byte."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from itertools import islice
from types import MappingProxyType

from service.messages import Row
from service.storage.cif.document import (
    CLOSING,
    FRAME,
    Layout,
    Table,
    comments,
    is_blank,
    line_end,
    row_matches,
    spelling,
    tokens,
)

_MISSING = b"?"

Tokens = dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Put:
    """What is put into one category: values of rows by position, and rows behind the last one; and what they mean."""

    category: str
    attributes: tuple[str, ...]
    replaced: Mapping[int, Tokens]
    added: list[Tokens]
    meant: Mapping[int, Row]
    meant_behind: Sequence[Row]


class Kind(Enum):
    """What the text of an edit is: rows of a loop, a category written anew, or one that was not there."""

    ROWS = auto()
    TABLE = auto()
    NEW = auto()


@dataclass(frozen=True, slots=True)
class Edit:
    """Bytes that take the place of those from `begin` to `end`; `table` is the changed table, its place still the old one.

    A table that is new has its place within `text`. `rows` gives for each row of `text` what it means, where that is new.
    """

    begin: int
    end: int
    text: bytes
    table: Table
    rows: Sequence[Row | None]
    kind: Kind

    @property
    def growth(self) -> int:
        return len(self.text) - (self.end - self.begin)


def edits(data: bytes, layout: Layout, put: Put) -> Iterator[Edit]:
    """Give the edits that put rows into one category.

    A category in pair form, or one that lacks a column which is needed now, is written anew from its own values; one that is
    not there is added at the end of the block.
    """
    table = layout.tables.get(put.category)
    if table is None:
        yield _new(data, layout, put)
        return
    missing = [a for a in put.attributes if a not in table.attributes]
    needed = [a for a in missing if any(row.get(a, _MISSING) != _MISSING for row in (*put.replaced.values(), *put.added))]
    if not table.is_loop or needed:
        yield _rewritten(data, table, [*table.attributes, *(missing if put.added else needed)], put)
        return
    for position, new in sorted(put.replaced.items()):
        yield _row(data, table, position, new, put.meant[position])
    if put.added:
        grown = replace(table, row_count=table.row_count + len(put.added))
        lead = b"" if data[table.end - 1 : table.end] == b"\n" else b"\n"
        text = lead + b"".join(row_text([row.get(a, _MISSING) for a in table.attributes]) for row in put.added)
        yield Edit(table.end, table.end, text, grown, put.meant_behind, Kind.ROWS)


def moved(data: bytes, layout: Layout, changes: list[Edit]) -> Layout:
    """Give the layout of the new file without scanning it."""
    frame = 0 if not is_blank(data) else len(FRAME) - len(data)
    after = {edit.table.name: edit.table for edit in changes}
    tables = {name: _moved(after.get(name, table), changes) for name, table in layout.tables.items()}
    for edit in changes:
        if edit.kind is Kind.NEW:
            before = sum(e.growth for e in changes if e is not edit and e.end <= edit.begin and e.kind is not Kind.NEW)
            before += sum(e.growth for e in changes[: changes.index(edit)] if e.kind is Kind.NEW)
            table = edit.table
            at = frame + edit.begin + before
            tables[table.name] = replace(table, begin=at + table.begin, body=at + table.body, end=at + table.end)
    return Layout(tables, frame + layout.block_end + sum(edit.growth for edit in changes))


def _moved(table: Table, changes: list[Edit]) -> Table:
    others = [e for e in changes if e.table.name != table.name and e.kind is not Kind.NEW and e.end <= table.begin]
    own = [e for e in changes if e.table.name == table.name]
    shift = sum(e.growth for e in others)
    return replace(
        table, begin=table.begin + shift, body=table.body + shift, end=table.end + shift + sum(e.growth for e in own)
    )


def fragment(edit: Edit) -> bytes:
    """Give what an edit writes as the content of a block, to be read back before it is put into the real one."""
    if edit.kind is not Kind.ROWS:
        return edit.text
    header = b"".join(f"_{edit.table.name}.{a} \n".encode() for a in edit.table.attributes)
    return b"loop_\n" + header + edit.text


def pieces(data: bytes, changes: list[Edit]) -> list[memoryview]:
    """Give the new file as pieces of the old one and of the edits; nothing is copied."""
    view, found, position = memoryview(data), [], 0
    if is_blank(data):
        found.append(memoryview(FRAME))
        position = len(data)
    # rows go to the end of their loop before a new category that begins at the same byte
    for edit in sorted(changes, key=lambda e: (e.begin, e.end, e.kind is Kind.NEW)):
        found += [view[position : edit.begin], memoryview(edit.text)]
        position = max(position, edit.end)
    return [*found, view[position:]]


def items_of(name: str, attributes: list[str], known: Mapping[str, bytes] = MappingProxyType({})) -> list[bytes]:
    """Give the items of a category; those that are known as they are, and others with its name as it is spelt there."""
    spelt = next((item.partition(b".")[0] for item in known.values()), f"_{name}".encode())
    return [known.get(a, spelt + f".{a}".encode()) for a in attributes]


def category_text(items: list[bytes], attributes: list[str], rows: list[Tokens]) -> bytes:
    """Write a category in the exact legacy form, its closing line included (reference section 3)."""
    values = [[row.get(a, _MISSING) for a in attributes] for row in rows]
    if len(values) == 1:
        width = max(map(len, items)) + 3
        pairs = (_pair_text(item.ljust(width), token) for item, token in zip(items, values[0], strict=True))
        return b"".join(pairs) + CLOSING
    head = b"loop_\n" + b"".join(item + b" \n" for item in items)
    widths = [max(map(_width, set(column))) for column in zip(*values, strict=True)]
    return head + b"".join(row_text(row, widths) for row in values) + CLOSING


def row_text(values: list[bytes], widths: list[int] | None = None) -> bytes:
    """Write one row of a loop: values (padded, where widths are given) each with a blank, text blocks on their own lines."""
    widths = widths or [0] * len(values)
    if not any(token.startswith(b";") for token in values):
        return b" ".join(map(bytes.ljust, values, widths)) + b" \n"
    out = bytearray()
    for token, width in zip(values, widths, strict=True):
        if _is_block(token):
            out += (b"\n" if out and not out.endswith(b"\n") else b"") + token + b"\n"
        else:
            if token.startswith(b";") and (not out or out.endswith(b"\n")):
                out += b" "  # at a line start it would open a text block
            out += token.ljust(width) + b" "
    return bytes(out if out.endswith(b"\n") else out + b"\n")


def _new(data: bytes, layout: Layout, put: Put) -> Edit:
    at = layout.block_end
    lead = b"" if is_blank(data) or data[at - 1 : at] == b"\n" else b"\n"
    attributes, rows = list(put.attributes), put.added
    items = items_of(put.category, attributes)
    text = lead + category_text(items, attributes, rows)
    table = Table(
        put.category,
        len(rows) > 1,
        begin=len(lead),
        body=_body(len(lead), items),
        end=len(text) - len(CLOSING),
        attributes=attributes,
        row_count=len(rows),
    )
    return Edit(at, at, text, table, put.meant_behind, Kind.NEW)


def _rewritten(data: bytes, table: Table, columns: list[str], put: Put) -> Edit:
    rows = [dict(zip(table.attributes, row, strict=True)) for row in tokens(data, table)]
    for position, new in put.replaced.items():
        rows[position] |= new
    rows += put.added
    meant = [*(put.meant.get(n) for n in range(table.row_count)), *put.meant_behind]
    remarks = comments(data, table.begin, table.end)
    items = items_of(table.name, columns, spelling(data, table))
    text = remarks + category_text(items, columns, rows).removesuffix(CLOSING)
    return Edit(
        table.begin,
        table.end,
        text,
        replace(
            table,
            attributes=columns,
            is_loop=len(rows) > 1,
            row_count=len(rows),
            begin=table.begin + len(remarks),
            body=_body(table.begin + len(remarks), items),
        ),
        meant,
        Kind.TABLE,
    )


def _row(data: bytes, table: Table, position: int, new: Tokens, meant: Row) -> Edit:
    """Replace one row of a loop; its other values keep their own form."""
    row = next(islice(row_matches(data, table), position, None))
    values = [new.get(a, token) for a, token in zip(table.attributes, row.groups(), strict=True)]
    begin, end = row.start(1), row.end()
    remarks = comments(data, begin, end)
    lead = b"\n" if begin and data[begin - 1 : begin] != b"\n" and (remarks or _is_block(values[0])) else b""
    return Edit(begin, line_end(data, end), lead + remarks + row_text(values), table, [meant], Kind.ROWS)


def _body(begin: int, items: list[bytes]) -> int:
    """Find where the values of a loop that we write begin: right behind the last item name."""
    return begin + len(b"loop_") + sum(len(item) + 2 for item in items) - 1


def _pair_text(item: bytes, token: bytes) -> bytes:
    return item + b"\n" + token + b"\n" if _is_block(token) else item + token + b" \n"


def _is_block(token: bytes) -> bool:
    return token.startswith(b";") and token.endswith(b"\n;")


def _width(token: bytes) -> int:
    """Count a text block as its bytes and two more, as the legacy writer does: `;`, text, LF, `;` is three more."""
    return len(token) - 1 if _is_block(token) else len(token)
