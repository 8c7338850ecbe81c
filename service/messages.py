"""The domain values: what one row of each category holds, frozen, in the column order of the files.

Every attribute is the decoded text of the file, `None` where the file holds `?` (reference sections 2 and 4). Numbers stay
text, because a file may hold anything where a number belongs and must get it back (promise P3).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import TypeVar

from service.vocabulary import CONTENT_TYPES, TO_DEPOSITOR

Text = str | None


@dataclass(frozen=True, slots=True)
class Message:
    """A row of `pdbx_deposition_message_info`; `content_type` names the file it lives in."""

    content_type: str
    ordinal_id: Text
    message_id: Text
    deposition_data_set_id: Text
    timestamp: Text
    sender: Text = None
    context_type: Text = None
    context_value: Text = None
    parent_message_id: Text = None
    message_subject: Text = None
    message_text: Text = None
    message_type: Text = None
    send_status: Text = None


@dataclass(frozen=True, slots=True)
class FileReference:
    """A row of `pdbx_deposition_message_file_reference`."""

    ordinal_id: Text
    message_id: Text
    deposition_data_set_id: Text
    content_type: Text = None
    content_format: Text = None
    partition_number: Text = None
    version_id: Text = None
    storage_type: Text = None
    upload_file_name: Text = None


@dataclass(frozen=True, slots=True)
class OriginalCommunication:
    """A row of `pdbx_deposition_message_origcomm_reference`."""

    ordinal_id: Text
    message_id: Text
    deposition_data_set_id: Text
    orig_message_id: Text = None
    orig_deposition_data_set_id: Text = None
    orig_timestamp: Text = None
    orig_sender: Text = None
    orig_recipient: Text = None
    orig_message_subject: Text = None
    orig_attachments: Text = None


@dataclass(frozen=True, slots=True)
class Status:
    """A row of `pdbx_deposition_message_status`; its absence has a meaning of its own (reference section 7.3)."""

    message_id: Text
    deposition_data_set_id: Text
    read_status: Text = None
    action_reqd: Text = None
    for_release: Text = None


Row = Message | FileReference | OriginalCommunication | Status
R = TypeVar("R", Message, FileReference, OriginalCommunication, Status)


def attributes(row: type[Row]) -> tuple[str, ...]:
    """Give the mmCIF attributes of a category in column order."""
    return tuple(f.name for f in fields(row) if not (row is Message and f.name == "content_type"))


#: Category name -> row class, in the order a new file is written (reference section 2).
CATEGORIES: dict[str, type[Row]] = {
    "pdbx_deposition_message_info": Message,
    "pdbx_deposition_message_file_reference": FileReference,
    "pdbx_deposition_message_origcomm_reference": OriginalCommunication,
    "pdbx_deposition_message_status": Status,
}
CATEGORY_NAMES: dict[type[Row], str] = {row: name for name, row in CATEGORIES.items()}


def same_but(one: R, other: R, *ignored: str) -> bool:
    """Compare two rows of a category leaving the named attributes out."""
    return one == replace(other, **{name: getattr(one, name) for name in ignored})


def unnumbered(row: Row | None) -> Row | None:
    """Give a row without its ordinal, which is the file's own."""
    return row if row is None or isinstance(row, Status) else replace(row, ordinal_id=None)


@dataclass(frozen=True, slots=True)
class Section:
    """What one of the three files of a deposition holds. Statuses live in the to-depositor file alone (section 1.1)."""

    content_type: str
    messages: tuple[Message, ...] = ()
    files: tuple[FileReference, ...] = ()
    originals: tuple[OriginalCommunication, ...] = ()
    statuses: tuple[Status, ...] = ()

    def categories(self) -> Iterator[tuple[type[Row], tuple[Row, ...]]]:
        """Pair each category with its rows, in file order."""
        yield Message, self.messages
        yield FileReference, self.files
        yield OriginalCommunication, self.originals
        yield Status, self.statuses


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows of each numbered category a section holds; the next ordinal is one more (reference section 5)."""

    messages: int
    files: int
    originals: int


def numbered(
    files: tuple[FileReference, ...], originals: tuple[OriginalCommunication, ...], counts: Counts
) -> tuple[tuple[FileReference, ...], tuple[OriginalCommunication, ...]]:
    """Number references behind those that are there."""
    return (
        tuple(replace(f, ordinal_id=str(n)) for n, f in enumerate(files, counts.files + 1)),
        tuple(replace(o, ordinal_id=str(n)) for n, o in enumerate(originals, counts.originals + 1)),
    )


@dataclass(frozen=True, slots=True)
class Correspondence:
    """Everything of one deposition; its sections come in the order of `CONTENT_TYPES`."""

    deposition_data_set_id: str
    sections: tuple[Section, ...] = field(default_factory=lambda: tuple(Section(c) for c in CONTENT_TYPES))

    @property
    def messages(self) -> tuple[Message, ...]:
        return tuple(m for s in self.sections for m in s.messages)

    @property
    def statuses(self) -> tuple[Status, ...]:
        return self.section(TO_DEPOSITOR).statuses

    @property
    def row_count(self) -> int:
        return sum(len(rows) for s in self.sections for _, rows in s.categories())

    def section(self, content_type: str) -> Section:
        return self.sections[CONTENT_TYPES.index(content_type)]

    def with_section(self, section: Section) -> "Correspondence":
        """Give the same correspondence with one section exchanged."""
        changed = tuple(section if s.content_type == section.content_type else s for s in self.sections)
        return replace(self, sections=changed)

    def message(self, message_id: str, content_type: str | None = None) -> Message | None:
        """Give a message, of one of the files or the first of all."""
        return next((m for s in self._in(content_type) for m in s.messages if m.message_id == message_id), None)

    def references(self, message_id: str, content_type: str | None = None) -> tuple[FileReference, ...]:
        """Give the references of a message, in one of the files or in all."""
        return tuple(f for s in self._in(content_type) for f in s.files if f.message_id == message_id)

    def originals(self, message_id: str, content_type: str | None = None) -> tuple[OriginalCommunication, ...]:
        return tuple(o for s in self._in(content_type) for o in s.originals if o.message_id == message_id)

    def _in(self, content_type: str | None) -> tuple[Section, ...]:
        return tuple(s for s in self.sections if content_type in (None, s.content_type))

    def status(self, message_id: str) -> Status | None:
        return next((s for s in self.statuses if s.message_id == message_id), None)

    def counts(self, content_type: str) -> Counts:
        section = self.section(content_type)
        return Counts(len(section.messages), len(section.files), len(section.originals))
