"""The use cases of the correspondence: rules of the domain are kept here and in the changes, no store is known by name."""

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from service import clock, vocabulary
from service.changes import AppendMessage, Change, EditDraft, MarkRead, Tag, unknown_message
from service.errors import InvalidInput, MessagingError, no_deposition
from service.ids import known_id, new_id
from service.letters import Letter, letters
from service.messages import FileReference, Message, OriginalCommunication, R, Status
from service.storage.base import Answer, Outcome, Store
from service.text import accepted


@dataclass(frozen=True, slots=True)
class Sent:
    """A letter as it is stored, how each store stands, and whether it was there before."""

    letter: Letter
    stores: Mapping[str, str]
    repeated: bool


@dataclass(frozen=True, slots=True)
class Flagged:
    """A status as it is stored, and how each store stands."""

    status: Status | None
    stores: Mapping[str, str]


class MessageService:
    """Read and change correspondences through the chain of the active profile."""

    def __init__(self, chain: Callable[[], Store], answered: Callable[[Answer], None] = lambda _: None) -> None:
        self._chain = chain
        self._answered = answered

    def correspondence(self, deposition_data_set_id: str) -> Answer:
        """Give everything of a deposition; raise NotFound, StoreUnavailable or DamagedFile."""
        with _telling_of(_owner(deposition_data_set_id)):
            answer = self._chain().read(deposition_data_set_id)
        self._answered(answer)
        return answer

    def letter(self, deposition_data_set_id: str, message_id: str) -> tuple[Letter, Answer]:
        """Give one message with its references and status; raise NotFound, and InvalidInput for what is no id."""
        known_id(message_id)
        answer = self.correspondence(deposition_data_set_id)
        message = answer.correspondence.message(message_id)
        if message is None:
            raise unknown_message(deposition_data_set_id, message_id)
        (found,) = letters(answer.correspondence, [message])
        return found, answer

    def send(
        self,
        message: Message,
        files: tuple[FileReference, ...] = (),
        original: OriginalCommunication | None = None,
        *,
        timestamp: str | None = None,
    ) -> Sent:
        """Append a message, made complete by the rules of the reference (sections 5, 7.2 and 9).

        Its time is now, or `timestamp` where a program states one (seed's row S53).
        Raises InvalidInput naming the field, and Conflict where the id is taken by a message with other content.
        """
        has_new_id = not message.message_id
        message = _completed(message, timestamp)
        owner = _owner(str(message.deposition_data_set_id))
        if vocabulary.is_group(owner) and files:
            raise InvalidInput.of("files", "a message of a group carries no files (reference section 1.1)")
        belongs = {"ordinal_id": None, "message_id": message.message_id, "deposition_data_set_id": owner}
        references = tuple(_checked(replace(f, **belongs), f"files.{n}.") for n, f in enumerate(files))
        originals = _originals(message, original, belongs)
        outcome = self._apply(AppendMessage(owner, message, references, originals, has_new_id))
        delta = outcome.delta
        sent = Letter(delta.append or message, delta.files, delta.originals)
        if delta.repeated:  # it may have been read since
            (sent,) = letters(self.correspondence(owner).correspondence, [sent.message])
        return Sent(sent, outcome.stores, delta.repeated)

    def edit(self, deposition_data_set_id: str, message_id: str, edits: Mapping[str, str | None]) -> Sent:
        """Edit or send a draft; its time becomes now. Raises NotFound, and Conflict for a message already sent."""
        letter, _ = self.letter(deposition_data_set_id, message_id)
        checked = {field: accepted(field, text) for field, text in edits.items()}
        change = EditDraft(deposition_data_set_id, letter.message.content_type, message_id, clock.timestamp(), checked)
        outcome = self._apply(change)
        return Sent(replace(letter, message=outcome.delta.replace or letter.message), outcome.stores, repeated=False)

    def mark_read(
        self, deposition_data_set_id: str, message_id: str, action_reqd: str | None = None, for_release: str | None = None
    ) -> Flagged:
        """Mark a message read (reference section 7.3); raise NotFound, and InvalidInput naming what is no flag."""
        _require_flags(action_reqd=action_reqd or vocabulary.YES, for_release=for_release or vocabulary.NO)
        return self._flag(MarkRead(deposition_data_set_id, message_id, action_reqd, for_release))

    def tag(
        self, deposition_data_set_id: str, message_id: str, read_status: str, action_reqd: str, for_release: str
    ) -> Flagged:
        """Set the flags of a message (reference section 7.3); raise NotFound, and InvalidInput naming what is no flag."""
        flags = {"read_status": read_status, "action_reqd": action_reqd, "for_release": for_release}
        _require_flags(**flags)
        return self._flag(Tag(deposition_data_set_id, message_id, **flags))

    def _flag(self, change: MarkRead | Tag) -> Flagged:
        known_id(change.message_id)
        outcome = self._apply(change)
        return Flagged(outcome.delta.status, outcome.stores)

    def _apply(self, change: Change) -> Outcome:
        with _telling_of(_owner(change.deposition_data_set_id)):
            return self._chain().apply(change)


@contextmanager
def _telling_of(deposition_data_set_id: str) -> Iterator[None]:
    """Have an error say which deposition was asked for, whatever store it comes from."""
    try:
        yield
    except MessagingError as error:
        error.details.setdefault("deposition_data_set_id", deposition_data_set_id)
        raise


def _owner(deposition_data_set_id: str) -> str:
    """Give a deposition's id back where it is one, before any path or query is built of it. Raises InvalidInput."""
    if not vocabulary.is_deposition_id(deposition_data_set_id):
        raise no_deposition("deposition_data_set_id", deposition_data_set_id)
    return deposition_data_set_id


def _require_flags(**flags: str) -> None:
    for name, flag in flags.items():
        if flag not in (vocabulary.YES, vocabulary.NO):
            raise InvalidInput.of(name, f"{flag!r} is neither {vocabulary.YES} nor {vocabulary.NO}")


def _completed(message: Message, timestamp: str | None) -> Message:
    """Fill in what a caller may leave out: id and time are made here, once, before any store is touched."""
    message = _checked(message, "")
    message_id = new_id("message_id", message.message_id) or str(uuid.uuid4())
    parent = new_id("parent_message_id", message.parent_message_id)
    return replace(
        message,
        ordinal_id=None,
        message_id=message_id,
        timestamp=timestamp or clock.timestamp(),
        sender=vocabulary.sender_of(message.sender, message.content_type),
        context_value=vocabulary.context_value_of(message.context_type, message.context_value, message.message_text),
        parent_message_id=parent or message_id,
        message_type=message.message_type or "text",
        send_status=message.send_status or vocabulary.YES,
    )


def _originals(
    message: Message, original: OriginalCommunication | None, belongs: Mapping[str, str | None]
) -> tuple[OriginalCommunication, ...]:
    """Give the row that an archived or forwarded message carries (reference section 7.2 step 5)."""
    if vocabulary.has_original(message.message_type):
        row = original or OriginalCommunication(None, None, None)
        return (_checked(replace(row, **belongs), "original."),)
    if original is not None:
        raise InvalidInput.of("original", f"a message of type {message.message_type} carries no original communication")
    return ()


def _checked(row: R, prefix: str) -> R:
    texts: dict[str, Any] = {name: accepted(prefix + name, getattr(row, name)) for name in row.__slots__}
    return type(row)(**texts)
