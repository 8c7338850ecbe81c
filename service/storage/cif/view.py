"""What a change may ask about the files of a deposition, answered without reading more of them than the answer needs."""

import re
from itertools import takewhile
from pathlib import Path
from typing import Any

from service.messages import CATEGORY_NAMES, Counts, FileReference, Message, OriginalCommunication, Row, Status
from service.storage.cif.document import row_matches
from service.storage.cif.reader import Held, Reader
from service.storage.cif.rows import rows_of
from service.storage.cif.text import from_token
from service.vocabulary import TO_DEPOSITOR

_PLAIN = re.compile(r"[A-Za-z0-9._-]+")


class Opened:
    """One file in the hand: its bytes and what is known of it. Of a category only the rows asked for are read."""

    def __init__(self, data: bytes, held: Held) -> None:
        self.data = data
        self.held = held
        self._found: dict[tuple[type[Any], str], list[tuple[int, Any]]] = {}

    def of(self, kind: type[Any], message_id: str) -> list[tuple[int, Any]]:
        """Give the rows of a message with their positions."""
        if self.held.section is not None:
            rows = next(rows for of, rows in self.held.section.categories() if of is kind)
            return [(n, row) for n, row in enumerate(rows) if row.message_id == message_id]
        if (kind, message_id) not in self._found:
            self._found[kind, message_id] = self._read(kind, message_id)
        return self._found[kind, message_id]

    def _read(self, kind: type[Any], message_id: str) -> list[tuple[int, Any]]:
        """Read what may hold an id, up to the place where it stands for the last time: one search spares all behind it."""
        table = self.held.layout.tables.get(CATEGORY_NAMES[kind])
        if table is None or "message_id" not in table.attributes:
            return []
        key = message_id.encode() if _PLAIN.fullmatch(message_id) else b""  # odd characters may stand as references
        group, last = table.attributes.index("message_id") + 1, self.data.rfind(key, table.begin, table.end)
        until = takewhile(lambda match: match.start() < last, row_matches(self.data, table)) if last > 0 else ()
        found = [(n, m) for n, m in enumerate(until) if key in m[group] and from_token(m[group]) == message_id]
        rows = rows_of(table, [m.groups() for _, m in found], kind, self.held.content_type) if found else ()
        return list(zip((n for n, _ in found), rows, strict=True))

    def count(self, kind: type[Row]) -> int:
        table = self.held.layout.tables.get(CATEGORY_NAMES[kind])
        return table.row_count if table else 0


class FilesView:
    """The View over a deposition's files, one of them open for a change."""

    def __init__(self, reader: Reader, paths: dict[str, Path], opened: Opened) -> None:
        self._reader = reader
        self._paths = paths
        self._opened = {opened.held.content_type: opened}

    def message(self, message_id: str, content_type: str | None = None) -> Message | None:
        return next((row for _, row in self._all(Message, message_id, content_type)), None)

    def references(self, message_id: str, content_type: str | None = None) -> tuple[FileReference, ...]:
        return tuple(row for _, row in self._all(FileReference, message_id, content_type))

    def originals(self, message_id: str, content_type: str | None = None) -> tuple[OriginalCommunication, ...]:
        return tuple(row for _, row in self._all(OriginalCommunication, message_id, content_type))

    def status(self, message_id: str) -> Status | None:
        return next((row for _, row in self._file(TO_DEPOSITOR).of(Status, message_id)), None)

    def counts(self, content_type: str) -> Counts:
        file = self._file(content_type)
        return Counts(file.count(Message), file.count(FileReference), file.count(OriginalCommunication))

    def _all(self, kind: type[Any], message_id: str, content_type: str | None = None) -> list[tuple[int, Any]]:
        files = self._paths if content_type is None else (content_type,)
        return [found for file in files for found in self._file(file).of(kind, message_id)]

    def _file(self, content_type: str) -> Opened:
        if content_type not in self._opened:
            path = self._paths[content_type]
            known = self._reader.recall(path)
            is_enough = known is not None and (known.section is not None or not known.size)
            data, held = (b"", known) if is_enough and known else self._reader.open(path, content_type)
            self._opened[content_type] = Opened(data, held)
        return self._opened[content_type]
