"""The routes of the JSON interface (DESIGN.md section 8)."""

from typing import Any

from flask import Blueprint, Response, jsonify, render_template
from spectree import Response as Answers

from service.api import incoming, render, schemas
from service.api.cached import answered
from service.api.contract import contract, document, require_json
from service.ids import read_deposition_id
from service.listing import Filter, page
from service.security import requires
from service.services import services
from service.summary import summarise

blueprint = Blueprint("api", __name__, template_folder="templates", static_folder=None)
blueprint.before_request(require_json)

_ERRORS: dict[str, Any] = {f"HTTP_{status}": schemas.ErrorBody for status in (401, 403, 404, 500, 503)}
_UNCHANGED: dict[str, Any] = {"HTTP_304": None}
_WRITE_ERRORS = _ERRORS | {f"HTTP_{status}": schemas.ErrorBody for status in (400, 409, 413, 415)}


@blueprint.get("/depositions/<dep>/messages")
@requires("messages:read")
@contract.validate(resp=Answers(HTTP_200=schemas.MessageList, **_UNCHANGED, **_ERRORS))
def list_messages(dep: str, query: schemas.ListQuery) -> Any:
    """List the messages of a deposition, oldest first."""
    wanted = Filter(**query.model_dump(exclude={"limit", "cursor"}))
    answer = services().messages.correspondence(deposition_id(dep))

    def build() -> render.Body:
        return render.message_list(page(answer.correspondence, wanted, query.limit, query.cursor), answer)

    return answered(answer, build)


@blueprint.post("/depositions/<dep>/messages")
@requires("messages:write")
@contract.validate(resp=Answers(HTTP_201=schemas.Written, HTTP_200=schemas.Written, **_WRITE_ERRORS))
def send_message(dep: str, json: schemas.NewMessage) -> Any:
    """Send a message or keep a draft; the same request again with its `message_id` changes nothing."""
    sent = services().messages.send(*incoming.rows(deposition_id(dep), json))
    return render.response(render.written(sent.letter, sent.stores), 200 if sent.repeated else 201)


@blueprint.get("/depositions/<dep>/messages/<message_id>")
@requires("messages:read")
@contract.validate(resp=Answers(HTTP_200=schemas.MessageOut, **_UNCHANGED, **_ERRORS))
def get_message(dep: str, message_id: str) -> Any:
    """Give one message with its files, original communications and status."""
    letter, answer = services().messages.letter(deposition_id(dep), message_id)
    return answered(answer, lambda: render.message(letter))


@blueprint.patch("/depositions/<dep>/messages/<message_id>")
@requires("messages:write")
@contract.validate(resp=Answers(HTTP_200=schemas.Written, **_WRITE_ERRORS))
def edit_draft(dep: str, message_id: str, json: schemas.DraftEdit) -> Any:
    """Edit or send a draft; a message already sent stays as it is."""
    sent = services().messages.edit(deposition_id(dep), message_id, json.model_dump(exclude_unset=True))
    return render.response(render.written(sent.letter, sent.stores))


@blueprint.post("/depositions/<dep>/messages/<message_id>/read")
@requires("messages:write")
@contract.validate(resp=Answers(HTTP_200=schemas.StatusWritten, **_WRITE_ERRORS))
def mark_read(dep: str, message_id: str, json: schemas.ReadFlags) -> Any:
    """Mark a message read; flags that it has stay as they are."""
    found = services().messages.mark_read(deposition_id(dep), message_id, json.action_reqd, json.for_release)
    return render.response(render.flagged(found))


@blueprint.put("/depositions/<dep>/messages/<message_id>/status")
@requires("messages:write")
@contract.validate(resp=Answers(HTTP_200=schemas.StatusWritten, **_WRITE_ERRORS))
def set_status(dep: str, message_id: str, json: schemas.StatusFlags) -> Any:
    """Set the flags of a message; `read_status` goes from Y to N here, and from N to Y by reading."""
    found = services().messages.tag(deposition_id(dep), message_id, **json.model_dump())
    return render.response(render.flagged(found))


@blueprint.get("/depositions/<dep>/summary")
@requires("messages:read")
@contract.validate(resp=Answers(HTTP_200=schemas.SummaryOut, **_UNCHANGED, **_ERRORS))
def get_summary(dep: str) -> Any:
    """Give the global checks over a deposition's correspondence."""
    answer = services().messages.correspondence(deposition_id(dep))
    return answered(answer, lambda: render.summary(summarise(answer.correspondence), answer))


@blueprint.get("/openapi.json")
@requires("messages:read")
def openapi() -> Response:
    """Give the contract of this interface as an OpenAPI document."""
    return jsonify(document())


@blueprint.get("/docs")
@requires("messages:read")
def docs() -> str:
    """Show the contract to people."""
    return render_template("docs.html", spec=document())


@blueprint.get("/docs/style.css")
@requires("messages:read")
def docs_style() -> Response:
    """Give the style of the page above; everything it needs is served from here."""
    return Response(render_template("docs.css"), mimetype="text/css")


def deposition_id(text: str) -> str:
    """Read the id in a path. Raises InvalidInput."""
    return read_deposition_id("deposition_data_set_id", text)
