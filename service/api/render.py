"""Domain values as the bodies of answers: plain values in the form of the schemas, which a test holds them to.

They are neither made into models nor checked on the way out: that would cost more than reading them from the database.
"""

from collections.abc import Mapping
from dataclasses import asdict
from operator import attrgetter
from typing import Any

from flask import Response
from pydantic_core import to_json

from service.letters import Letter
from service.listing import Page
from service.message_service import Flagged
from service.messages import CATEGORIES, Row, Status
from service.storage.base import Answer
from service.summary import Summary
from service.text import number

Body = dict[str, Any]
_NUMBERS = ("ordinal_id", "partition_number", "version_id")
_VALUES = {row: attrgetter(*row.__slots__) for row in CATEGORIES.values()}
_NUMBERED = {row: [name for name in _NUMBERS if name in row.__slots__] for row in CATEGORIES.values()}


def response(body: Body, status: int = 200) -> Response:
    """Give an answer with a body."""
    return Response(to_json(body), status, mimetype="application/json")


def message_list(page: Page, answer: Answer) -> Body:
    """Render a page of letters with how it was come by."""
    messages = [message(letter) for letter in page.letters]
    return {"deposition_data_set_id": _id(answer), "messages": messages, "next": page.next} | _how(answer)


def message(letter: Letter) -> Body:
    """Render a message with its files, original communications and status."""
    body = _row(letter.message)
    body["files"] = [_row(file) for file in letter.files]
    body["original"] = [_row(original) for original in letter.originals]
    body["status"] = status(letter.status)
    return body


def status(row: Status | None) -> Body | None:
    """Render a status row; its absence stays a meaning of its own."""
    return None if row is None else _row(row)


def written(letter: Letter, stores: Mapping[str, str]) -> Body:
    """Render a message as it was written, and how each store stands."""
    return {"message": message(letter), "stores": dict(stores)}


def flagged(found: Flagged) -> Body:
    """Render a status as it was written, and how each store stands."""
    return {"status": status(found.status), "stores": dict(found.stores)}


def summary(found: Summary, answer: Answer) -> Body:
    """Render the global checks."""
    return {"deposition_data_set_id": _id(answer)} | asdict(found) | _how(answer)


def _id(answer: Answer) -> str:
    return answer.correspondence.deposition_data_set_id


def _how(answer: Answer) -> Body:
    return {"served_by": answer.served_by, "unverified": answer.unverified}


def _row(row: Row) -> Body:
    kind = type(row)
    body: Body = dict(zip(kind.__slots__, _VALUES[kind](row), strict=True))
    for name in _NUMBERED[kind]:
        body[name] = number(body[name])
    return body
