"""What a correspondence holds that no rule of the domain makes (reference section 17, K11): kept as it is, and named."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from service.messages import Correspondence, FileReference, Message, Section
from service.text import number


def odd(correspondence: Correspondence) -> tuple[str, ...]:
    """Name the odd rows of a correspondence: each with its file, its message and what is odd about it."""
    known = {message.message_id for message in correspondence.messages}
    times = Counter(message.message_id for message in correspondence.messages)
    twice = tuple(f"message {key} is there {count} times" for key, count in times.items() if count > 1)
    return twice + tuple(
        f"{section.content_type}: {what}" for section in correspondence.sections for what in _within(section, known)
    )


def _within(section: Section, known: set[str | None]) -> Iterator[str]:
    for message in section.messages:
        yield from _of_message(message, known)
    for file in section.files:
        yield from _of_reference(file, known)
    for status in section.statuses:
        if status.message_id not in known:
            yield f"there are flags for message {status.message_id}, which is not there"


def _of_message(message: Message, known: set[str | None]) -> Iterator[str]:
    if not _is_time(message.timestamp):
        yield f"message {message.message_id} has no readable timestamp ({message.timestamp})"
    if message.parent_message_id is not None and message.parent_message_id not in known:
        yield f"message {message.message_id} answers {message.parent_message_id}, which is not there"


def _of_reference(file: FileReference, known: set[str | None]) -> Iterator[str]:
    if file.message_id not in known:
        yield f"a file is referred to by message {file.message_id}, which is not there"
    for name in ("partition_number", "version_id"):
        if not isinstance(number(getattr(file, name)), int):
            yield f"a file of message {file.message_id} has the {name} {getattr(file, name)}"


def _is_time(text: str | None) -> bool:
    try:
        return text is not None and bool(datetime.fromisoformat(text))
    except ValueError:
        return False
