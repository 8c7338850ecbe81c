"""Domain values as answers. They are built without validating again what the stores gave."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from service.api import schemas
from service.listing import Page
from service.message_service import Letter
from service.messages import FileReference, Message, OriginalCommunication, Status
from service.storage.base import Answer
from service.summary import Summary
from service.text import number

_NUMBERS = ("ordinal_id", "partition_number", "version_id")


def message_list(page: Page, answer: Answer) -> schemas.MessageList:
    """Render a page of letters with how it was come by."""
    return schemas.MessageList.model_construct(
        deposition_data_set_id=answer.correspondence.deposition_data_set_id,
        messages=[message(letter) for letter in page.letters],
        next=page.next,
        served_by=answer.served_by,
        unverified=answer.unverified,
    )


def message(letter: Letter) -> schemas.MessageOut:
    """Render a message with its files, original communications and status."""
    return schemas.MessageOut.model_construct(
        **_row(letter.message),
        files=[schemas.FileReferenceOut.model_construct(**_row(f)) for f in letter.files],
        original=[schemas.OriginalOut.model_construct(**_row(o)) for o in letter.originals],
        status=status(letter.status),
    )


def status(row: Status | None) -> schemas.StatusOut | None:
    """Render a status row; its absence stays a meaning of its own."""
    return None if row is None else schemas.StatusOut.model_construct(**_row(row))


def written(letter: Letter, stores: Mapping[str, str]) -> schemas.Written:
    """Render a message as it was written, and how each store stands."""
    return schemas.Written.model_construct(message=message(letter), stores=dict(stores))


def summary(found: Summary, answer: Answer) -> schemas.SummaryOut:
    """Render the global checks."""
    return schemas.SummaryOut.model_construct(
        deposition_data_set_id=answer.correspondence.deposition_data_set_id,
        **asdict(found),
        served_by=answer.served_by,
        unverified=answer.unverified,
    )


def _row(row: Message | FileReference | OriginalCommunication | Status) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(row, name) for name in row.__slots__}
    return values | {name: number(values[name]) for name in _NUMBERS if name in values}
