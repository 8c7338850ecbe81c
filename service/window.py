"""Which messages a list over all depositions holds, in which order, and what it shows of each. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Self

from service.clock import timestamp
from service.errors import InvalidInput
from service.messages import FileReference, Message, Status
from service.words import Keyword, folded

#: Characters of a timestamp as the files keep it: `YYYY-MM-DD HH:MM:SS`.
LENGTH = 19
#: The greatest position that a table can hold.
_LAST = 2**31 - 1


class Place(NamedTuple):
    """Where a message stands in a list; the newest comes first, so places fall."""

    sent_at: str
    deposition_data_set_id: str
    content_type: str
    position: int

    @classmethod
    def read(cls, sent_at: object, deposition_data_set_id: object, content_type: object, position: str | int) -> Self:
        """Make a place of the values that a cursor holds. Raises ValueError, TypeError and OverflowError."""
        place = cls(str(sent_at), str(deposition_data_set_id), str(content_type), int(position))
        "".join(place[:3]).encode()  # a database takes no text that is none
        if not 0 < place.position <= _LAST:
            raise ValueError(position)
        return place


@dataclass(frozen=True, slots=True)
class Found:
    """A message of a list with its files and status; `place` tells the deposition it is kept with."""

    place: Place
    message: Message
    files: tuple[FileReference, ...]
    status: Status | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a listed message must be; `since` and `until` are inclusive, as the files keep times, in UTC.

    A message without a time, or with one that does not begin as a year does, is in no list.
    """

    since: str
    until: str | None = None
    depositions: tuple[str, ...] = ()
    content_types: tuple[str, ...] = ()
    sender: str | None = None
    keywords: tuple[Keyword, ...] = ()
    with_text: bool = False

    @property
    def last(self) -> str:
        """Give the greatest time that is admitted; a text that begins with no digit is none."""
        return "9999-99-99 99:99:99" if self.until is None else self.until

    @property
    def needs_text(self) -> bool:
        """Tell whether a message's text is looked at, or shown."""
        return self.with_text or any(not keyword.is_word for keyword in self.keywords)

    def admits(self, place: Place, message: Message) -> bool:
        """Tell whether a message is wanted; `place` is where it would stand."""
        return (
            self.since <= place.sent_at <= self.last
            and (not self.depositions or place.deposition_data_set_id in self.depositions)
            and (not self.content_types or place.content_type in self.content_types)
            and self.admits_sender(message.sender)
            and all(k.found_in(message.message_subject, message.message_text) for k in self.keywords)
        )

    def admits_listed(self, message: Message) -> bool:
        """Tell whether a message is wanted whose time, deposition, file and list of words are known to fit."""
        keywords = (keyword for keyword in self.keywords if not keyword.is_word)
        return self.admits_sender(message.sender) and all(
            k.found_in(message.message_subject, message.message_text) for k in keywords
        )

    def admits_sender(self, sender: str | None) -> bool:
        return not self.sender or folded(self.sender) in folded(sender or "")


@dataclass(frozen=True, slots=True)
class Begin:
    """Where a slice of a list begins: behind a place, by the way that the slice before went; at first neither is known."""

    behind: Place | None = None
    way: str | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """Some messages of a list, to be read once, and where the next slice begins: `None` at the end.

    A slice may be empty before that.
    """

    found: Iterator[Found]
    rest: Begin | None


def moment(field: str, text: str) -> str:
    """Read a time of a request: `YYYY-MM-DD[ HH:MM:SS]` or `YYYY/MM/DD`, UTC; a bare date means its beginning.

    Raises InvalidInput naming the field.
    """
    for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d", "%Y/%m/%d"):
        try:
            return datetime.strptime(text, form).isoformat(" ")
        except ValueError:
            continue
    raise InvalidInput.of(field, f"{text!r} is none: give YYYY-MM-DD HH:MM:SS, YYYY-MM-DD or YYYY/MM/DD, in UTC")


def days_ago(days: int) -> str:
    """Give the time of so many days ago, UTC."""
    return timestamp(datetime.now(UTC) - timedelta(days=days))


def sent_at(timestamp: str | None) -> str:
    """Give the part of a timestamp that orders messages; empty for none."""
    return (timestamp or "")[:LENGTH]
