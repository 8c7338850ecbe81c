"""From the schemas of a request to the rows of a message."""

from collections.abc import Mapping

from pydantic import ValidationError

from service.api.schemas import MessageData, NewMessage
from service.errors import InvalidInput
from service.messages import FileReference, Message, OriginalCommunication

Rows = tuple[Message, tuple[FileReference, ...], OriginalCommunication | None]


def rows(deposition_data_set_id: str, given: NewMessage) -> Rows:
    """Give a new message, its references and what it brings along."""
    fields = given.model_dump(exclude={"files", "original", "timestamp", "ordinal_id", "deposition_data_set_id"})
    message = Message(ordinal_id=None, timestamp=None, deposition_data_set_id=deposition_data_set_id, **fields)
    files = tuple(FileReference(None, None, None, **f.model_dump()) for f in given.files)
    original = OriginalCommunication(None, None, None, **given.original.model_dump()) if given.original else None
    return message, files, original


def rows_of_data(deposition_data_set_id: str, data: Mapping[str, object]) -> tuple[Rows, str | None]:
    """Give the same for a dictionary of a Python caller, and the time it states. Raises InvalidInput naming each field."""
    try:
        given = MessageData.model_validate(dict(data) if isinstance(data, Mapping) else data)
    except ValidationError as error:
        raise invalid(error) from error
    if given.deposition_data_set_id not in (None, deposition_data_set_id):
        raise InvalidInput.of("deposition_data_set_id", f"is {given.deposition_data_set_id}, not {deposition_data_set_id}")
    return rows(deposition_data_set_id, given), given.timestamp


def invalid(refused: ValidationError) -> InvalidInput:
    """Build the error of fields that the schemas refuse."""
    fields = [{"field": ".".join(map(str, e["loc"])), "problem": e["msg"]} for e in refused.errors()]
    return InvalidInput("; ".join(f"{f['field'] or 'body'}: {f['problem']}" for f in fields), fields=fields)
