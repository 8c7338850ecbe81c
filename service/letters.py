"""A message with what belongs to it. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from service.messages import Correspondence, FileReference, Message, OriginalCommunication, Status

R = TypeVar("R", FileReference, OriginalCommunication)


@dataclass(frozen=True, slots=True)
class Letter:
    """A message with what belongs to it."""

    message: Message
    files: tuple[FileReference, ...] = ()
    originals: tuple[OriginalCommunication, ...] = ()
    status: Status | None = None


def letters(correspondence: Correspondence, messages: Iterable[Message]) -> tuple[Letter, ...]:
    """Give messages with what belongs to them.

    A row belongs to the message that stands in the same file (reference section 1.1), for another file may hold one of the
    same id. Where none stands there, it belongs to those of that id wherever they are.
    """
    homes = {(m.content_type, m.message_id) for m in correspondence.messages}
    files = _by_message((s.content_type, row) for s in correspondence.sections for row in s.files)
    originals = _by_message((s.content_type, row) for s in correspondence.sections for row in s.originals)
    statuses = {s.message_id: s for s in reversed(correspondence.statuses)}

    def own(message: Message, found: Mapping[str | None, list[tuple[str, R]]]) -> tuple[R, ...]:
        key = message.message_id
        there = found.get(key, ())
        return tuple(row for file, row in there if file == message.content_type or (file, key) not in homes)

    return tuple(Letter(m, own(m, files), own(m, originals), statuses.get(m.message_id)) for m in messages)


def _by_message(rows: Iterable[tuple[str, R]]) -> Mapping[str | None, list[tuple[str, R]]]:
    """Sort rows, each with the file it stands in, by the id of their message."""
    found: defaultdict[str | None, list[tuple[str, R]]] = defaultdict(list)
    for content_type, row in rows:
        found[row.message_id].append((content_type, row))
    return found
