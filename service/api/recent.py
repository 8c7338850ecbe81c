"""`GET /messages/recent`: messages of all depositions, newest first (DESIGN.md section 8)."""

from itertools import islice
from typing import Annotated, Any, Literal

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field, model_validator
from spectree import Response as Answers

from service.api import schemas
from service.api.contract import contract
from service.api.views import deposition_id
from service.cursors import cursor_of, place_of
from service.recent import Listing, Recent
from service.recentformats import entry, form
from service.security import requires
from service.services import services
from service.window import Found, Place, Wanted, days_ago, moment
from service.words import Keyword

blueprint = Blueprint("recent", __name__)

_ERRORS: dict[str, Any] = {f"HTTP_{status}": schemas.ErrorBody for status in (401, 403, 500, 503)}
_Texts = list[Annotated[str, Field(min_length=1)]]


class RecentQuery(BaseModel):
    """Which messages to list: those of the last `days`, or from `start` to `end`, both inclusive, UTC.

    `deposition`, `content_type` and `keyword` may be repeated; each keyword must occur in subject or text, as a word or the
    beginning of one, or with `substring` anywhere. `sender` is part of the sender. `text` shows the message texts as well.
    """

    model_config = ConfigDict(extra="forbid")

    days: Annotated[int, Field(ge=0, le=36500)] | None = None
    start: str | None = None
    end: str | None = None
    deposition: _Texts = Field(default_factory=list)
    content_type: list[schemas.ContentType] = Field(default_factory=list)
    sender: str | None = None
    keyword: _Texts = Field(default_factory=list)
    substring: bool = False
    text: bool = False
    format: Literal["json", "csv", "text"] = "json"
    limit: Annotated[int, Field(ge=1, le=1000)] = 200
    cursor: str | None = None

    @model_validator(mode="after")
    def _begins(self) -> "RecentQuery":
        if (self.days is None) == (self.start is None):
            raise ValueError("give either days or start")
        return self

    def wanted(self) -> Wanted:
        """Give what the list holds; raise InvalidInput for a time or a deposition that is none."""
        return Wanted(
            since=moment("start", self.start) if self.start is not None else days_ago(self.days or 0),
            until=moment("end", self.end) if self.end is not None else None,
            depositions=tuple(dict.fromkeys(map(deposition_id, self.deposition))),
            content_types=tuple(self.content_type),
            sender=self.sender,
            keywords=tuple(Keyword(word, self.substring) for word in self.keyword),
            with_text=self.text,
        )


class AttachmentOut(BaseModel):
    content_type: schemas.Text
    content_format: schemas.Text
    version_id: schemas.Number
    partition_number: schemas.Number
    storage_type: schemas.Text
    upload_file_name: schemas.Text


class RecentMessage(BaseModel):
    """A message of the list; `message_text` stands in it where it was asked for."""

    message_id: schemas.Text
    deposition_data_set_id: str
    timestamp: schemas.Text
    sender: schemas.Text
    message_subject: schemas.Text
    message_type: schemas.Text
    content_type: str
    context_type: schemas.Text
    context_value: schemas.Text
    parent_message_id: schemas.Text
    send_status: schemas.Text
    message_text: schemas.Text = None
    file_attachments: list[AttachmentOut]
    read_status: schemas.Text
    action_reqd: schemas.Text
    for_release: schemas.Text


class RecentList(BaseModel):
    """A page; `unreadable` names the depositions that it lacks because their files cannot be read, each with why."""

    count: int
    messages: list[RecentMessage]
    next: str | None
    served_by: str
    unverified: bool
    unreadable: list[str]


class _InAnyForm(Answers):
    """The answers of a list whose caller chooses the form."""

    def generate_spec(self, *of_library: Any, **more: Any) -> dict[str, Any]:
        """Describe them, with the forms that are no JSON."""
        described = super().generate_spec(*of_library, **more)
        for name in ("csv", "text"):
            described["200"]["content"][form(name).media_type] = {"schema": {"type": "string"}}
        return described


@blueprint.get("/messages/recent")
@requires("messages:read")
@contract.validate(resp=_InAnyForm(HTTP_200=RecentList, **_ERRORS))
def list_recent(query: RecentQuery) -> Any:
    """List messages of all depositions, newest first; `format` csv and text give the same page in another form."""
    behind = place_of(query.cursor, Place.read) if query.cursor else None
    found = services()
    seen = found.seen()
    listing = Recent(found.stores, seen.profile, seen.chain).listing(query.wanted(), behind, query.limit + 1)
    page = list(islice(listing, query.limit + 1))
    shown = page[: query.limit]
    rest = cursor_of(shown[-1].place) if len(page) > query.limit else None
    return _json(shown, rest, listing, query) if query.format == "json" else _written(shown, rest, listing, query)


def _json(shown: list[Found], rest: str | None, listing: Listing, query: RecentQuery) -> Response:
    body = {"count": len(shown), "messages": [entry(found, with_text=query.text) for found in shown], "next": rest}
    how = {"served_by": listing.served_by, "unverified": listing.unverified, "unreadable": listing.unreadable}
    answer = jsonify(body | how)
    answer.headers["X-Served-By"] = listing.served_by
    return answer


def _written(shown: list[Found], rest: str | None, listing: Listing, query: RecentQuery) -> Response:
    """Write a page in a form that has no room for how it was come by; headers say it."""
    written = form(query.format, with_text=query.text)
    text = written.head(len(shown)) + "".join(written.part(found, n) for n, found in enumerate(shown)) + written.tail
    answer = Response(text, mimetype=written.media_type)
    answer.headers["X-Served-By"] = listing.served_by
    answer.headers["X-Unverified"] = str(listing.unverified).lower()
    answer.headers["X-Unreadable"] = str(len(listing.unreadable))
    if rest:
        answer.headers["X-Next-Cursor"] = rest
    return answer
