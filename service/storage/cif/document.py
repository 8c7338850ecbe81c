"""Where everything stands in a scanned CIF file, and its values as they stand there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from service.storage.cif.grammar import GAP, LINE_REST, TOKEN, VALUE

#: The legacy writer opens a file with these bytes and closes every category with the second line (reference section 3).
CLOSING = b"# \n"
NAME = b"data_messages"
FRAME = NAME + b"\n" + CLOSING


class DamagedCif(ValueError):
    """The bytes are no whole CIF file; the message says what and where."""

    def __init__(self, problem: str, offset: int) -> None:
        super().__init__(f"{problem} at byte {offset}")


@dataclass(slots=True)
class Table:
    """A category as it stands in the file: the bytes it covers, where its values begin, its attributes, its rows.

    `end` is where the next row would be put: behind the line of the last value, or behind the value where more follows.
    """

    name: str
    is_loop: bool
    begin: int
    body: int
    end: int = 0
    attributes: list[str] = field(default_factory=list)
    row_count: int = 0


@dataclass(slots=True)
class Layout:
    """The tables of a file's first block by lower-case name, and where that block ends."""

    tables: dict[str, Table]
    block_end: int


def is_blank(data: bytes) -> bool:
    """Tell whether there is no content yet; looks no further than the first byte that is some."""
    return not data or data.isspace()


Tokens = list[tuple[bytes, ...]]


def comments(data: bytes, begin: int, end: int) -> bytes:
    """Give the comments that stand between the tokens of a part of a scanned file, a line each.

    A bare `#` says nothing, and would be taken for a part of the frame where it came to stand behind the block's name.
    """
    found = (m["comment"].rstrip() for m in TOKEN.finditer(data, begin, end) if m["comment"])
    return b"".join(comment + b"\n" for comment in found if comment != b"#")


def spelling(data: bytes, table: Table) -> dict[str, bytes]:
    """Give for each attribute of a table its item as it stands in the file, in whatever case."""
    end = table.body if table.is_loop else table.end
    items = (m.group() for m in TOKEN.finditer(data, table.begin, end) if m.group().startswith(b"_"))
    return dict(zip(table.attributes, items, strict=True))


def row_matches(data: bytes, table: Table) -> Iterator[re.Match[bytes]]:
    """Match the rows of a table one after the other; group n is the n-th value as it stands."""
    if table.is_loop:
        return row_pattern(len(table.attributes), grouped=True).finditer(data, table.body, table.end)
    return _pairs(len(table.attributes)).finditer(data, table.begin, table.end)


def rows_only(text: bytes, width: int) -> Tokens | None:
    """Give the rows of a loop that a text consists of; nothing where there is more in it."""
    data, position, found = b"\n" + text, 0, []
    for match in row_pattern(width, grouped=True).finditer(data):
        if match.start() != position:
            return None
        position = match.end()
        found.append(match.groups())
    return found if is_blank(data[position:]) and b"\0" not in text else None


def tokens(data: bytes, table: Table) -> Tokens:
    """Give the values of every row as they stand, quotes included."""
    return [match.groups() for match in row_matches(data, table)]


@lru_cache(maxsize=256)
def row_pattern(width: int, *, grouped: bool) -> re.Pattern[bytes]:
    """Give what matches a row of a loop, its values as groups where that is wanted."""
    value = b"(" + VALUE + b")" if grouped else VALUE
    return re.compile((GAP + value) * width, re.VERBOSE)


@lru_cache(maxsize=256)
def _pairs(width: int) -> re.Pattern[bytes]:
    return re.compile(GAP.join([rb"_[^ \t\r\n]+" + GAP + b"(" + VALUE + b")"] * width), re.VERBOSE)


def line_end(data: bytes, position: int) -> int:
    """Find where the line that a value ends on is over; the position itself where something follows on the line."""
    match = LINE_REST.match(data, position)
    return match.end() if match else position
