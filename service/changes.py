"""The closed set of changes. A change is resolved against what the deposition holds, inside the store's critical section,
into the rows to put; so two stores given the same rows stay equal, and no rule of the domain is known to a store."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar, cast

from service import vocabulary
from service.amend import amended, missing
from service.errors import Conflict, NotFound
from service.messages import (
    Counts,
    FileReference,
    Message,
    OriginalCommunication,
    Section,
    Status,
    numbered,
    same_but,
    unnumbered,
)
from service.vocabulary import FROM_DEPOSITOR, NO, TO_DEPOSITOR, YES

Keyed = TypeVar("Keyed", Message, Status)


class View(Protocol):
    """What a change may ask about the deposition it changes."""

    def message(self, message_id: str) -> Message | None: ...
    def references(self, message_id: str) -> tuple[FileReference, ...]: ...
    def originals(self, message_id: str) -> tuple[OriginalCommunication, ...]: ...
    def status(self, message_id: str) -> Status | None: ...
    def counts(self, content_type: str) -> Counts: ...


@dataclass(frozen=True, slots=True)
class Delta:
    """The rows one change puts into one section: appended, replaced by `message_id`, or (status) either of both.

    `before` is the row whose place the replaced message or the status takes. `repeated` says that the rows stand there
    already: they are those stored, and nothing is to be written.
    """

    content_type: str
    append: Message | None = None
    replace: Message | None = None
    files: tuple[FileReference, ...] = ()
    originals: tuple[OriginalCommunication, ...] = ()
    status: Status | None = None
    before: Message | Status | None = None
    repeated: bool = False

    def __bool__(self) -> bool:
        """Tell whether there is anything to write."""
        return not self.repeated

    def standing(self, view: View) -> Message | Status | None:
        """Give the row that stands where this change puts one."""
        row = self.append or self.replace
        return view.message(str(row.message_id)) if row else view.status(str(self.status and self.status.message_id))

    def fits(self, view: View) -> bool:
        """Tell whether this change can be made as it was: the row that it found still stands there."""
        return unnumbered(self.standing(view)) == unnumbered(self.before)

    def is_in(self, view: View) -> bool:
        """Tell whether the row that this change puts stands there."""
        return unnumbered(self.standing(view)) == unnumbered(self.append or self.replace or self.status)

    def put_into(self, section: Section) -> Section:
        """Give the section with these rows in it: known ones in their place, new ones at the end."""
        if self.repeated:
            return section
        messages = _put(section.messages, self.replace) + ((self.append,) if self.append else ())
        return replace(
            section,
            messages=messages,
            files=section.files + missing(self.files, section.files if self.replace else ()),
            originals=section.originals + missing(self.originals, section.originals if self.replace else ()),
            statuses=_put(section.statuses, self.status),
        )


@dataclass(frozen=True, slots=True)
class AppendMessage:
    """Append a message with its references (reference section 7.2); no status row is made (section 7.3)."""

    deposition_data_set_id: str
    message: Message
    files: tuple[FileReference, ...] = ()
    originals: tuple[OriginalCommunication, ...] = ()

    @property
    def content_type(self) -> str:
        return self.message.content_type

    def resolve(self, view: View) -> Delta:
        """Number the rows, or answer an identical repeat with nothing to do.

        Raises Conflict when the id is taken by a message with other content.
        """
        message_id = str(self.message.message_id)
        stored = view.message(message_id)
        if stored is None:
            return self._numbered(view.counts(self.content_type))
        files, originals = view.references(message_id), view.originals(message_id)
        if not self._repeats(stored, files, originals):
            raise Conflict(
                f"message_id {message_id} is taken by a message with other content; leave message_id out to get a new one",
                message_id=message_id,
            )
        return Delta(self.content_type, append=stored, files=files, originals=originals, repeated=True)

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
        stored = view.message(self.message_id)
        if stored is None:
            raise unknown_message(self.deposition_data_set_id, self.message_id)
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
    content_type: str = TO_DEPOSITOR

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
    content_type: str = TO_DEPOSITOR

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
    """Set the fields in which `row` differs from the row `seen`, and add references to its message.

    The legacy class changes rows so. Only a field that is still as it was seen is changed (reference, K21).
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
        stored = _known(view, self.deposition_data_set_id, key)
        message, kept = (
            amended(self.row, cast(Message | None, self.seen), stored),
            (view.references(key), view.originals(key)),
        )
        files, originals = missing(self.files, kept[0]), missing(self.originals, kept[1])
        if message == stored and not files and not originals:
            return Delta(self.content_type, None, stored, *kept, repeated=True)
        references = numbered(files, originals, view.counts(self.content_type))
        return Delta(self.content_type, None, message, *references, before=stored)


Change = AppendMessage | EditDraft | MarkRead | Tag | Amend


def unknown_message(deposition_data_set_id: str, message_id: str) -> NotFound:
    """Build the error for a message that a deposition does not hold."""
    return NotFound(
        f"deposition {deposition_data_set_id} holds no message {message_id}",
        deposition_data_set_id=deposition_data_set_id,
        message_id=message_id,
    )


def _put(rows: tuple[Keyed, ...], row: Keyed | None) -> tuple[Keyed, ...]:
    """Replace the first row of the same `message_id`, or add the row."""
    if row is None:
        return rows
    position = next((n for n, old in enumerate(rows) if old.message_id == row.message_id), len(rows))
    return rows[:position] + (row,) + rows[position + 1 :]  # noqa: RUF005 - mypy cannot type the unpacked form


def _known(view: View, deposition_data_set_id: str, message_id: str) -> Message:
    message = view.message(message_id)
    if message is None:
        raise unknown_message(deposition_data_set_id, message_id)
    return message
