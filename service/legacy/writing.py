"""What was changed in memory as changes of the closed set, each made durable by itself in every store of the profile."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from service.changes import Amend, AppendMessage, Change, unknown_message
from service.errors import InvalidInput
from service.legacy.place import Place
from service.legacy.rows import FILES, INFO, ORIGINALS, STATUS, Dictionary, taken
from service.legacy.table import Table
from service.messages import FileReference, Message, OriginalCommunication, Status

Tables = Mapping[str, Table]


class Writing:
    """Write tables to a place. A change that fails leaves those before it done; a second try changes nothing twice."""

    def __init__(self, place: Place, tables: Tables, *, whole: bool) -> None:
        self._place = place
        self._whole = whole  # the rows go to another place than they were read from: all of them are new there
        self._tables = tables
        self._files = self._by_message(FILES, FileReference)
        self._originals = self._by_message(ORIGINALS, OriginalCommunication)

    def run(self) -> dict[str, str]:
        """Make every change, and tell how each store stands, `behind` where one lacks any of them.

        Raises Conflict, NotFound, InvalidInput, StoreUnavailable and DamagedFile.
        """
        self._refuse_other_references()
        stores: dict[str, str] = {}
        for change in self._changes():
            outcome = self._place.store.apply(change)
            stores |= {name: state for name, state in outcome.stores.items() if stores.get(name) != "behind"}
        return stores

    def _refuse_other_references(self) -> None:
        """Refuse what no change of the closed set can make, before anything is written and instead of dropping it."""
        for category in (FILES, ORIGINALS):
            if self._changed(category):
                raise InvalidInput.of(category, "a stored row stays as it is; append another message with the right one")
        for seen, row in self._changed(STATUS):
            if seen["message_id"] != row["message_id"]:
                raise InvalidInput.of(STATUS, "a status stays with its message; set that of the other message")

    def _changes(self) -> Iterator[Change]:
        owner = self._place.deposition
        for row in self._added(INFO):
            message = taken(Message, row, self._place.content_type)
            new = replace(message, ordinal_id=None)
            yield AppendMessage(owner, new, *self._belonging(message.message_id))
        for seen, row in self._changed(INFO):
            before, after = taken(Message, seen, self._place.content_type), taken(Message, row, self._place.content_type)
            yield Amend(owner, after, before, *self._together(str(after.message_id)))
        for message_id in list(self._files | self._originals):
            stored = self._stored(message_id)
            yield Amend(owner, stored, stored, *self._together(message_id))
        for row in self._added(STATUS):
            yield Amend(owner, taken(Status, row, self._place.content_type))
        for seen, row in self._changed(STATUS):
            before_flags, flags = (taken(Status, one, self._place.content_type) for one in (seen, row))
            yield Amend(owner, flags, before_flags)

    def _added(self, category: str) -> list[Dictionary]:
        table = self._tables[category]
        return table.rows if self._whole else table.added

    def _changed(self, category: str) -> list[tuple[Dictionary, Dictionary]]:
        return [] if self._whole else self._tables[category].changed

    def _by_message(self, category: str, kind: type[Any]) -> dict[str, tuple[Any, ...]]:
        """Give the added references of each message, without numbers: the store gives those."""
        found: dict[str, tuple[Any, ...]] = {}
        for row in self._added(category):
            reference = replace(taken(kind, row, self._place.content_type), ordinal_id=None)
            found[reference.message_id] = (*found.get(reference.message_id, ()), reference)
        return found

    def _belonging(self, message_id: str | None) -> tuple[tuple[FileReference, ...], tuple[OriginalCommunication, ...]]:
        """Take the references of a message that go with it in one change."""
        return self._files.pop(str(message_id), ()), self._originals.pop(str(message_id), ())

    def _together(self, message_id: str) -> tuple[tuple[FileReference, ...], tuple[OriginalCommunication, ...]]:
        """Give the references that a stored message shall have where some were added: those that were seen, and these."""
        files, originals = self._belonging(message_id)
        return (
            self._seen(FILES, FileReference, message_id) + files if files else (),
            self._seen(ORIGINALS, OriginalCommunication, message_id) + originals if originals else (),
        )

    def _seen(self, category: str, kind: type[Any], message_id: str) -> tuple[Any, ...]:
        rows = [] if self._whole else self._tables[category].read
        return tuple(taken(kind, row, self._place.content_type) for row in rows if row["message_id"] == message_id)

    def _stored(self, message_id: str) -> Message:
        found = self._place.store.read(self._place.deposition).correspondence
        message = found.message(message_id, self._place.content_type) or found.message(message_id)
        if message is None:
            raise unknown_message(self._place.deposition, message_id)
        return message
