"""The closed set of changes. A change is resolved against what the deposition holds, inside the store's critical section,
into the rows to put; so two stores given the same rows stay equal, and no rule of the domain is known to a store."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

from service import vocabulary
from service.amend import amended, missing
from service.deltas import Delta, View
from service.errors import Conflict, NotFound
from service.messages import (
    Counts,
    FileReference,
    Message,
    OriginalCommunication,
    Status,
    numbered,
    same_but,
)
from service.vocabulary import FROM_DEPOSITOR, NO, TO_DEPOSITOR, YES


@dataclass(frozen=True, slots=True)
class AppendMessage:
    """Append a message with its references (reference section 7.2); no status row is made (section 7.3).

    `has_new_id` says that its id was made for it, so that no store can hold a message of that id.
    """

    deposition_data_set_id: str
    message: Message
    files: tuple[FileReference, ...] = ()
    originals: tuple[OriginalCommunication, ...] = ()
    has_new_id: bool = False

    @property
    def content_type(self) -> str:
        return self.message.content_type

    def resolve(self, view: View) -> Delta:
        """Number the rows, or answer an identical repeat with nothing to do.

        Raises Conflict when the id is taken by a message with other content.
        """
        message_id = str(self.message.message_id)
        stored = view.message(message_id, self.content_type) or view.message(message_id)
        if stored is None:
            return self._numbered(view.counts(self.content_type))
        kept = view.references(message_id, stored.content_type), view.originals(message_id, stored.content_type)
        if not self._repeats(stored, *kept):
            raise Conflict(
                f"message_id {message_id} is taken by a message with other content; leave message_id out to get a new one",
                message_id=message_id,
            )
        return Delta(self.content_type, stored, None, *kept, repeated=True)

    def _numbered(self, counts: Counts) -> Delta:
        message = replace(self.message, ordinal_id=str(counts.messages + 1))
        return Delta(self.content_type, message, None, *numbered(self.files, self.originals, counts))

    def _repeats(
        self, stored: Message, files: tuple[FileReference, ...], originals: tuple[OriginalCommunication, ...]
    ) -> bool:
        """Compare all but what the service itself makes: ordinals and the timestamp."""
        return (
            same_but(self.message, stored, "ordinal_id", "timestamp")
            and self.files == tuple(replace(f, ordinal_id=None) for f in files)
            and self.originals == tuple(replace(o, ordinal_id=None) for o in originals)
        )


@dataclass(frozen=True, slots=True)
class EditDraft:
    """Edit or send a draft: four fields change and no others (reference sections 7.2 step 3 and 18 rule 16)."""

    deposition_data_set_id: str
    content_type: str
    message_id: str
    timestamp: str
    edits: Mapping[str, str | None]

    def resolve(self, view: View) -> Delta:
        """Raise NotFound for an unknown message and Conflict for one already sent."""
        stored = _known(view, self.deposition_data_set_id, self.message_id, self.content_type)
        if stored.send_status != NO:
            raise Conflict(
                f"message {self.message_id} is already sent and stays as it is; send a new message instead",
                message_id=self.message_id,
            )
        return Delta(self.content_type, replace=self._edited(stored), before=stored)

    def _edited(self, stored: Message) -> Message:
        return replace(
            stored,
            timestamp=self.timestamp,
            message_subject=self.edits.get("message_subject", stored.message_subject),
            message_text=self.edits.get("message_text", stored.message_text),
            send_status=self.edits.get("send_status", stored.send_status),
        )


@dataclass(frozen=True, slots=True)
class MarkRead:
    """Mark a message read (reference section 7.3): an existing row keeps its other flags."""

    deposition_data_set_id: str
    message_id: str
    action_reqd: str | None = None
    for_release: str | None = None

    @property
    def content_type(self) -> str:
        return TO_DEPOSITOR

    def resolve(self, view: View) -> Delta:
        """Raise NotFound for an unknown message."""
        message = _known(view, self.deposition_data_set_id, self.message_id)
        status = view.status(self.message_id)
        if status is None:
            return Delta(TO_DEPOSITOR, status=self._first(message))
        if status.read_status == YES:
            return Delta(TO_DEPOSITOR, status=status, repeated=True)
        return Delta(TO_DEPOSITOR, status=replace(status, read_status=YES), before=status)

    def _first(self, message: Message) -> Status:
        asks_release = message.content_type == FROM_DEPOSITOR and vocabulary.is_release_subject(message.message_subject)
        return Status(
            self.message_id,
            message.deposition_data_set_id,
            read_status=YES,
            action_reqd=self.action_reqd or YES,
            for_release=YES if asks_release else self.for_release or NO,
        )


@dataclass(frozen=True, slots=True)
class Tag:
    """Set the flags of a message (reference section 7.3): read goes from Y to N here, never from N to Y."""

    deposition_data_set_id: str
    message_id: str
    read_status: str | None = None
    action_reqd: str | None = None
    for_release: str | None = None

    @property
    def content_type(self) -> str:
        return TO_DEPOSITOR

    def resolve(self, view: View) -> Delta:
        """Raise NotFound for an unknown message."""
        message = _known(view, self.deposition_data_set_id, self.message_id)
        old = view.status(self.message_id)
        read = self.read_status if old is None or old.read_status == YES else old.read_status
        owner = message.deposition_data_set_id if old is None else old.deposition_data_set_id
        new = Status(self.message_id, owner, read, self.action_reqd, self.for_release)
        return Delta(TO_DEPOSITOR, status=new, before=old, repeated=new == old)


@dataclass(frozen=True, slots=True)
class Amend:
    """Set the fields in which `row` differs from the row `seen`, and add the references that its message shall have.

    The legacy class changes rows so. Only a field that is still as it was seen is changed (reference, K21). References are
    a multiset: of two equal ones the message gets the second where only one is stored.
    """

    deposition_data_set_id: str
    row: Message | Status
    seen: Message | Status | None = None
    files: tuple[FileReference, ...] = ()
    originals: tuple[OriginalCommunication, ...] = ()

    @property
    def content_type(self) -> str:
        return self.row.content_type if isinstance(self.row, Message) else TO_DEPOSITOR

    def resolve(self, view: View) -> Delta:
        """Raise NotFound for an unknown message (K3), Conflict for a row that was changed since it was seen."""
        key = str(self.row.message_id)
        if isinstance(self.row, Status):
            status = amended(self.row, cast(Status | None, self.seen), view.status(key))
            return Delta(TO_DEPOSITOR, status=status, before=view.status(key), repeated=status == view.status(key))
        stored = _known(view, self.deposition_data_set_id, key, self.content_type)
        message = amended(self.row, cast(Message | None, self.seen), stored)
        kept = view.references(key, self.content_type), view.originals(key, self.content_type)
        files, originals = missing(self.files, kept[0]), missing(self.originals, kept[1])
        if message == stored and not files and not originals:
            found = stored if self.row == self.seen else None  # else it says what the row shall be
            return Delta(self.content_type, None, stored, *kept, before=found, repeated=True)
        new = numbered(files, originals, view.counts(self.content_type))
        whole = kept[0] + new[0] if files else (), kept[1] + new[1] if originals else ()
        had = len(kept[0]) if files else 0, len(kept[1]) if originals else 0
        return Delta(self.content_type, None, message, *whole, before=stored, had=had)


Change = AppendMessage | EditDraft | MarkRead | Tag | Amend


def unknown_message(deposition_data_set_id: str, message_id: str) -> NotFound:
    """Build the error for a message that a deposition does not hold."""
    return NotFound(
        f"deposition {deposition_data_set_id} holds no message {message_id}",
        deposition_data_set_id=deposition_data_set_id,
        message_id=message_id,
    )


def _known(view: View, deposition_data_set_id: str, message_id: str, content_type: str | None = None) -> Message:
    message = view.message(message_id, content_type)
    if message is None:
        raise unknown_message(deposition_data_set_id, message_id)
    return message
