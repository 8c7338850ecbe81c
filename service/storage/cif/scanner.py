"""One strict scan of a CIF file's bytes, a row at a time, without building its values."""

import re

from service.messages import CATEGORIES
from service.storage.cif.document import NAME, DamagedCif, Layout, Table, Tokens, is_blank, line_end, row_pattern
from service.storage.cif.grammar import CLOSED, CONTROL, FIRST, ITEM, NEXT, PAIRED


def scan(data: bytes, collected: dict[str, Tokens] | None = None) -> Layout:
    """Scan a whole file strictly. No bytes at all are a file without content yet (reference section 1).

    The rows of the first block's loops, each a tuple of values as they stand, are collected on the way where that is wanted.
    A block whose name stands in the frame of the legacy writer is whole only with the line that closes its last category;
    what was cut between two categories cannot be told from what never had more. Raises DamagedCif for anything that is not
    a whole CIF file in UTF-8.
    """
    if b"\0" in data:
        raise DamagedCif("a NUL byte stands", data.index(b"\0"))
    if len(data) < len(NAME) and NAME.startswith(data) and data:
        raise DamagedCif("the file stops in the name of its block", len(data))
    if not data.isascii():
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise DamagedCif("a byte that is no UTF-8 stands", error.start) from error
    return _Scan(data, collected).run()


class _Scan:
    """The state of one scan: the blocks found so far, and the position."""

    def __init__(self, data: bytes, collected: dict[str, Tokens] | None) -> None:
        self.data = data
        self.collected = collected
        self.blocks: list[dict[str, Table]] = []
        self.first_block_end = len(data)
        self.position = 0
        self.is_framed = self.is_closed = False

    def run(self) -> Layout:
        data = self.data
        self._gap(FIRST)
        while self.position < len(data):
            control = CONTROL.match(data, self.position)
            if control is None:
                raise DamagedCif("a value without an item, or a quotation that is not closed, stands", self.position)
            if control["item"] is not None:
                self._pair(control)
            else:
                self._keyword(control)
        self._leave_block()
        if not self.blocks and not is_blank(data):
            raise DamagedCif("no data block stands", 0)
        return Layout(self.blocks[0] if self.blocks else {}, self.first_block_end)

    def _keyword(self, control: re.Match[bytes]) -> None:
        keyword = control["keyword"][:5].lower()
        if keyword == b"data_":
            self._leave_block()
            if len(self.blocks) == 1:
                self.first_block_end = control.start()
            self.blocks.append({})
            self.position = control.end()
            self._gap()
            self.is_framed = self.is_closed
        elif keyword == b"loop_" and self.blocks:
            self._loop(control)
        elif keyword == b"save_" and len(self.blocks) > 1:  # a frame is foreign to the first block, which is all we read
            self.blocks.append({})
            self.position = control.end()
            self._gap()
        else:
            raise DamagedCif(f"an unexpected {control['keyword'].decode('utf-8')} stands", control.start())

    def _gap(self, pattern: re.Pattern[bytes] = NEXT) -> None:
        """Go to the next token and note whether a closing line stands before it."""
        gap = pattern.match(self.data, self.position)
        end = gap.end() if gap else self.position
        self.is_closed = CLOSED.search(self.data, self.position, end) is not None
        self.position = end

    def _leave_block(self) -> None:
        if self.is_framed and not self.is_closed:
            raise DamagedCif("the block stops without its closing '#' line", self.position)

    def _loop(self, control: re.Match[bytes]) -> None:
        position, items = control.end(), []
        while name := ITEM.match(self.data, position):
            position = name.end()
            items.append(name[1])
        if not items:
            raise DamagedCif("a loop without items stands", control.start())
        table = self._table(items, control.start(), position, is_loop=True)
        collects = self.collected is not None and len(self.blocks) == 1
        found: Tokens = []
        for match in row_pattern(len(table.attributes), grouped=collects).finditer(self.data, position):
            if match.start() != position:
                break
            position = match.end()
            table.row_count += 1
            if collects:
                found.append(match.groups())
        if not table.row_count:
            raise DamagedCif(f"category {table.name} has no whole row", position)
        if self.collected is not None and collects:
            self.collected[table.name] = found
        self._end(table, position)

    def _pair(self, control: re.Match[bytes]) -> None:
        table = self._table([control["item"]], control.start(), control.start(), is_loop=False)
        position = control.end()
        while True:
            value = PAIRED.match(self.data, position)
            if value is None:
                raise DamagedCif(f"an item of {table.name} without a value stands", position)
            position = value.end()
            gap = NEXT.match(self.data, position)
            item = CONTROL.match(self.data, gap.end() if gap else position)
            if item is None or item["item"] is None or _category(item["item"]) != table.name:
                break
            table.attributes.append(self._attribute(item["item"], table.attributes, item.start()))
            position = item.end()
        table.row_count = 1
        self._end(table, position)

    def _table(self, items: list[bytes], begin: int, body: int, *, is_loop: bool) -> Table:
        name = _category(items[0])
        if not self.blocks or (name in self.blocks[-1] and (is_loop or name in CATEGORIES)):
            raise DamagedCif(f"category {name} stands twice or in no block", begin)
        table = Table(name, is_loop, begin, body)
        for item in items:
            if _category(item) != name:
                raise DamagedCif(f"an item of another category stands in the loop of {name}", begin)
            table.attributes.append(self._attribute(item, table.attributes, begin))
        self.blocks[-1].setdefault(name, table)  # of a foreign one whose pairs stand apart, the place does not matter
        return table

    def _attribute(self, item: bytes, known: list[str], offset: int) -> str:
        attribute = item.decode("utf-8").lower().partition(".")[2]
        if not attribute or attribute in known:
            raise DamagedCif(f"an item {item.decode('utf-8')} that is no attribute or stands twice", offset)
        return attribute

    def _end(self, table: Table, position: int) -> None:
        table.end = line_end(self.data, position)
        self.position = position
        self._gap()


def _category(item: bytes) -> str:
    return item[1:].decode("utf-8").lower().partition(".")[0]
