"""Where everything stands in a CIF file: one strict scan of its bytes, without building objects for the values."""

import re
from dataclasses import dataclass, field

#: One token after white space and comments; `wrong` catches what no rule allows, `end` the end of the file, so that no
#: byte is ever passed over. The possessive quantifiers keep the time linear on damaged files.
_TOKEN = re.compile(
    rb"""(?:\s++|\#[^\n]*+)*+
    (?:(?P<control>_\S+|(?i:loop_|stop_|global_|data_\S*|save_\S*)(?=\s|\Z))
    |(?P<value>(?:(?<=\n)|(?<!\s|\S));[^\n]*+\n(?:(?!;)[^\n]*+\n)*+;(?=\s|\Z)
        |'(?:[^'\n]++|'(?!\s|\Z))*+'(?=\s|\Z)
        |"(?:[^"\n]++|"(?!\s|\Z))*+"(?=\s|\Z)
        |(?!(?<=\n);)[^\s'"_][^\s]*+)
    |(?P<end>\Z)
    |(?P<wrong>.))""",
    re.VERBOSE,
)
#: The legacy writer opens a file with these bytes and closes every category with the second line (reference section 3).
FRAME = b"data_messages\n# \n"
CLOSING = b"# \n"


class DamagedCif(ValueError):
    """The bytes are no whole CIF file; the message says what and where."""

    def __init__(self, problem: str, offset: int) -> None:
        super().__init__(f"{problem} at byte {offset}")


@dataclass(slots=True)
class Table:
    """A category as it stands in the file: the spans of its values, row by row, and the bytes it covers."""

    name: str
    is_loop: bool
    begin: int
    attributes: list[str] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)

    @property
    def end(self) -> int:
        return self.spans[-1][1]

    @property
    def row_count(self) -> int:
        return len(self.spans) // len(self.attributes)

    def tokens(self, data: bytes) -> list[list[bytes]]:
        """Give the values of each row as they stand in the file."""
        width = len(self.attributes)
        flat = [data[begin:end] for begin, end in self.spans]
        return [flat[i : i + width] for i in range(0, len(flat), width)]


@dataclass(slots=True)
class Document:
    """A scanned file: the tables of its first block by lower-case name, and where that block ends."""

    data: bytes
    tables: dict[str, Table]
    block_end: int


def scan(data: bytes) -> Document:
    """Scan a whole file strictly. No bytes at all are a file without content yet (reference section 1).

    Raises DamagedCif for anything that is not a whole CIF file.
    """
    if b"\0" in data:
        raise DamagedCif("a NUL byte stands", data.index(b"\0"))
    if data.startswith(FRAME) and not data.endswith(CLOSING):
        raise DamagedCif("the file stops without its closing '#' line", len(data))
    return _Scan(data).run()


class _Scan:
    """The state of one scan: the block and the table that the next token belongs to."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.blocks: list[dict[str, Table]] = []
        self.first_block_end = len(data)
        self.table: Table | None = None
        self.names_open = False  # between `loop_` and its first value, or between an item and its value
        self.loop_begin: int | None = None

    def run(self) -> Document:
        for match in _TOKEN.finditer(self.data):
            kind = match.lastgroup
            if kind == "value":
                self._value(match.span("value"))
            elif kind == "control":
                self._control(match["control"], match.start("control"))
            elif kind == "wrong":
                raise DamagedCif("a quotation or text block that is not closed stands", match.start("wrong"))
        self._close(len(self.data))
        if not self.blocks and self.data.strip():
            raise DamagedCif("no data block stands", 0)
        return Document(self.data, self.blocks[0] if self.blocks else {}, self.first_block_end)

    def _value(self, span: tuple[int, int]) -> None:
        if self.table is None:
            raise DamagedCif("a value without an item stands", span[0])
        self.names_open = False
        self.table.spans.append(span)

    def _control(self, word: bytes, offset: int) -> None:
        if word.startswith(b"_"):
            self._item(word.decode("utf-8", "replace"), offset)
            return
        self._close(offset)
        keyword = word[:5].lower()
        if keyword == b"data_":
            if len(self.blocks) == 1:
                self.first_block_end = offset
            self.blocks.append({})
        elif keyword == b"loop_" and self.blocks:
            self.loop_begin = offset
        else:
            raise DamagedCif(f"an unexpected {word.decode('utf-8', 'replace')} stands", offset)

    def _item(self, word: str, offset: int) -> None:
        category, dot, attribute = word[1:].lower().partition(".")
        if not dot or not self.blocks:
            raise DamagedCif(f"an item {word} that is in no category or block stands", offset)
        if self.loop_begin is not None:
            self._open(Table(category, True, self.loop_begin), offset)
            self.loop_begin = None
        elif not (self.table and self.table.name == category and (self.names_open or not self.table.is_loop)):
            self._close(offset)
            self._open(Table(category, False, offset), offset)
        table = self.table
        if table is None or table.name != category or attribute in table.attributes:
            raise DamagedCif(f"an item {word} stands twice or in another category's loop", offset)
        if not table.is_loop and len(table.spans) != len(table.attributes):
            raise DamagedCif(f"an item of {category} without a single value stands", offset)
        table.attributes.append(attribute)
        self.names_open = True

    def _open(self, table: Table, offset: int) -> None:
        if table.name in self.blocks[-1]:
            raise DamagedCif(f"category {table.name} stands twice", offset)
        self.blocks[-1][table.name] = table
        self.table = table

    def _close(self, offset: int) -> None:
        table, self.table = self.table, None
        if self.loop_begin is not None:
            raise DamagedCif("a loop without items stands", self.loop_begin)
        if table is None:
            return
        width = len(table.attributes)
        whole = bool(table.spans) and (len(table.spans) % width == 0 if table.is_loop else len(table.spans) == width)
        if not whole:
            raise DamagedCif(f"category {table.name} stops in the middle of a row", offset)
