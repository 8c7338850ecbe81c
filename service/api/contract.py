"""What ties views to schemas: the same models validate requests and make the OpenAPI document."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any, cast

from flask import current_app, request
from pydantic import ValidationError
from spectree import SecurityScheme, SpecTree
from spectree.models import SecureType, SecuritySchemeData
from spectree.plugins.flask_plugin import FlaskPlugin
from spectree.utils import get_multidict_items
from werkzeug.exceptions import BadRequest

from service.api.incoming import invalid
from service.api.schemas import ErrorBody
from service.errors import MalformedRequest, UnsupportedMediaType, too_large

_DOCUMENT = "messaging-openapi"


def require_json() -> None:
    """Refuse a body that is not declared as JSON, or is no JSON object; the schemas see objects only.

    Raises UnsupportedMediaType, MalformedRequest and TooLarge.
    """
    if request.method not in {"POST", "PUT", "PATCH"} or not _received():
        return
    if not request.is_json:
        raise UnsupportedMediaType("send the body as JSON, with `Content-Type: application/json`")
    try:
        body = request.get_json()
    except BadRequest as error:
        raise MalformedRequest(f"the body is no JSON: {error.description}") from error
    except RecursionError as error:
        raise MalformedRequest("the body is nested too deeply") from error
    if not isinstance(body, dict):
        raise MalformedRequest("the body is no JSON object; send {...} with the fields of the schema")


def _received() -> int:
    """Receive the body and give its length. Raises MalformedRequest for one that did not come whole.

    Raises TooLarge for one in chunks that fills what may be read of it: the library cuts it off there and says nothing.
    """
    try:
        length = len(request.get_data(cache=True))
    except OSError as error:  # of the server: chunks that are none, or a connection that is gone
        raise MalformedRequest("the body did not come as a body should; send it again") from error
    stated = request.content_length
    if stated is None and length >= current_app.config["MAX_CONTENT_LENGTH"]:
        raise too_large()
    if stated is not None and length != stated:
        raise MalformedRequest(f"of the body came {length} of {stated} bytes; send it again")
    return length


class Plugin(FlaskPlugin):
    """Check what comes in and not what goes out: that is made in the form of our schemas, and reading it costs much."""

    def validate(self, func: Callable[..., Any], query: Any, json: Any, *_: Any, **of_route: Any) -> Any:
        """Call a view with the query and the JSON that it takes. Raises InvalidInput naming each field that is refused."""
        adapter = self.model_adapter
        try:
            if query:
                of_route["query"] = adapter.validate_obj(query, get_multidict_items(request.args, query))
            if json:
                of_route["json"] = adapter.validate_obj(json, request.get_json(silent=True) or {})
        except ValidationError as error:
            raise invalid(error) from error
        except UnicodeDecodeError as error:
            raise MalformedRequest("the query holds a byte that is no text; write it as %XX") from error
        return func(**of_route)


contract = SpecTree(
    backend=Plugin,
    mode="strict",
    title="OneDep messaging",
    description="The correspondence between depositors and annotators of the Protein Data Bank.",
    version="v1",
    validation_error_model=ErrorBody,
    naming_strategy=lambda model: model.__name__,
    nested_naming_strategy=lambda _parent, child: child,
    security_schemes=[SecurityScheme(name="token", data=SecuritySchemeData(type=SecureType.HTTP, scheme="bearer"))],
    security={"token": []},
)


def document() -> dict[str, Any]:
    """Give the OpenAPI document of the current application; the library would keep that of the first one asked for all."""
    known = current_app.extensions
    if _DOCUMENT not in known:
        models = deepcopy(contract.models)  # making the document takes the nested schemas out of them
        vars(contract).pop("_spec", None)
        known[_DOCUMENT] = contract.spec
        contract.models = models
    return cast(dict[str, Any], known[_DOCUMENT])
