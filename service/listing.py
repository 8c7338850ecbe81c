"""Lists of messages: which, in which order, how many, and where the rest begins. Pure."""

from dataclasses import dataclass

from service.cursors import cursor_of, place_of
from service.letters import Letter, letters
from service.messages import Correspondence, Message
from service.vocabulary import CONTENT_TYPES

Position = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Filter:
    """What a listed message must be; `since` and `until` are inclusive, times as the files keep them or whole days."""

    content_type: str | None = None
    send_status: str | None = None
    message_type: str | None = None
    since: str | None = None
    until: str | None = None
    q: str | None = None

    def admits(self, message: Message) -> bool:
        return (
            self.content_type in (None, message.content_type)
            and self.send_status in (None, message.send_status)
            and self.message_type in (None, message.message_type)
            and (self.since is None or (message.timestamp or "") >= self.since)
            and (self.until is None or (message.timestamp or "")[: len(self.until)] <= self.until)
            and self._mentions(message)
        )

    def _mentions(self, message: Message) -> bool:
        if not self.q:
            return True
        text = f"{message.message_subject or ''}\n{message.message_text or ''}"
        return self.q.casefold() in text.casefold()


@dataclass(frozen=True, slots=True)
class Page:
    """Letters oldest first, and the cursor of the rest."""

    letters: tuple[Letter, ...]
    next: str | None


def page(correspondence: Correspondence, wanted: Filter, limit: int, cursor: str | None) -> Page:
    """List messages from behind a cursor; raise InvalidInput for a cursor that is none of ours."""
    behind = place_of(cursor, _position) if cursor else None
    placed = _placed(correspondence, wanted)
    rest = [(position, m) for position, m in placed if behind is None or position > behind]
    more = len(rest) > limit
    return Page(letters(correspondence, [m for _, m in rest[:limit]]), cursor_of(rest[limit - 1][0]) if more else None)


def _placed(correspondence: Correspondence, wanted: Filter) -> list[tuple[Position, Message]]:
    placed = [
        ((m.timestamp or "", CONTENT_TYPES.index(section.content_type), n), m)
        for section in correspondence.sections
        for n, m in enumerate(section.messages)
        if wanted.admits(m)
    ]
    return sorted(placed, key=lambda item: item[0])


def _position(timestamp: object, content_type: str | int, row: str | int) -> Position:
    return str(timestamp), int(content_type), int(row)
