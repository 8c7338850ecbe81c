"""What one change puts into one section, as rows: the same ones for every store (DESIGN.md section 5)."""

from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from service.amend import missing
from service.messages import Counts, FileReference, Message, OriginalCommunication, Row, Section, Status, unnumbered

Keyed = TypeVar("Keyed", Message, Status)
#: Which row: a message or a status, in which file, and of which message.
Place = tuple[type[object], str, str]


class View(Protocol):
    """What a change may ask about the deposition it changes.

    Other programs may have put a message into one file under an id that another file has too: who means one says which.
    """

    def message(self, message_id: str, content_type: str | None = None) -> Message | None: ...
    def references(self, message_id: str, content_type: str | None = None) -> tuple[FileReference, ...]: ...
    def originals(self, message_id: str, content_type: str | None = None) -> tuple[OriginalCommunication, ...]: ...
    def status(self, message_id: str) -> Status | None: ...
    def counts(self, content_type: str) -> Counts: ...


@dataclass(frozen=True, slots=True)
class Delta:
    """The rows one change puts into one section: appended, replaced by `message_id`, or (status) either of both.

    `before` is the row whose place the replaced message or the status takes; `files` and `originals` of a replaced message,
    where any are new, are all that it shall have, of which a store adds what it lacks; `had` counts those, of both, that it
    had already, which come first. `repeated` says that the rows stand there already: they are those stored, and nothing is
    to be written. `informed` says that the database held what the change found: whatever else it holds there later came
    behind the change. `begun` says that nobody knows whether its file has ever held it: whoever writes that has not come so
    far, or died there.
    """

    content_type: str
    append: Message | None = None
    replace: Message | None = None
    files: tuple[FileReference, ...] = ()
    originals: tuple[OriginalCommunication, ...] = ()
    status: Status | None = None
    before: Message | Status | None = None
    had: tuple[int, int] = (0, 0)
    repeated: bool = False
    informed: bool = False
    begun: bool = False

    def __bool__(self) -> bool:
        """Tell whether there is anything to write."""
        return not self.repeated

    @property
    def place(self) -> Place:
        """Give which row this change is about."""
        row = self.row
        return type(row), self.content_type, str(row and row.message_id)

    @property
    def row(self) -> Message | Status | None:
        """Give the row that this change puts."""
        return self.append or self.replace or self.status

    @property
    def is_edit(self) -> bool:
        """Tell whether this change says what its row shall be, and not only which references belong to the one it found."""
        return self.status is not None or unnumbered(self.row) != unnumbered(self.before)

    @property
    def added(self) -> tuple[Row, ...]:
        """Give the rows that this change adds to those that it found."""
        row, (files, originals) = None if self.before else self.append or self.status, self.had
        return (*((row,) if row else ()), *self.files[files:], *self.originals[originals:])

    @property
    def seen(self) -> tuple[Row | None, ...]:
        """Give the rows that the section has certainly held once this change is made, whoever put them there.

        References are a multiset: one that this change adds says nothing of an equal one.
        """
        return (self.before, self.row, *(self.files + self.originals if self.repeated else ()))

    def standing(self, view: View) -> Message | Status | None:
        """Give the row that stands where this change puts one."""
        kind, content_type, message_id = self.place
        return view.message(message_id, content_type) if kind is Message else view.status(message_id)

    def fits(self, view: View) -> bool:
        """Tell whether this change can be made as it was: the row that it found still stands there."""
        return unnumbered(self.standing(view)) == unnumbered(self.before)

    def is_in(self, view: View) -> bool:
        """Tell whether the row that this change puts stands there."""
        return unnumbered(self.standing(view)) == unnumbered(self.row)

    def put_into(self, section: Section) -> Section:
        """Give the section with these rows in it: known ones in their place, new ones at the end."""
        if self.repeated:
            return section
        messages = _put(section.messages, self.replace) + ((self.append,) if self.append else ())
        return replace(
            section,
            messages=messages,
            files=section.files + (missing(self.files, section.files) if self.replace else self.files),
            originals=section.originals + (missing(self.originals, section.originals) if self.replace else self.originals),
            statuses=_put(section.statuses, self.status),
        )


def _put(rows: tuple[Keyed, ...], row: Keyed | None) -> tuple[Keyed, ...]:
    """Replace the first row of the same `message_id`, or add the row."""
    if row is None:
        return rows
    position = next((n for n, old in enumerate(rows) if old.message_id == row.message_id), len(rows))
    return rows[:position] + (row,) + rows[position + 1 :]  # noqa: RUF005 - mypy cannot type the unpacked form
