"""One handler for everything that goes wrong, and one body shape: `{"error": {code, message, details}}`."""

import traceback
from contextlib import suppress
from typing import Any

from flask import Flask, Response, current_app, g, jsonify, request
from werkzeug.exceptions import HTTPException

from service.errors import MessagingError, StoreUnavailable, TooLarge, Unauthenticated, too_large
from service.logs import log

#: How often `max_message_bytes` is read of a body that is refused for its size, in pieces of so many bytes.
_READ_AWAY, _PIECE = 8, 65536


def init_app(app: Flask) -> None:
    """Attach the handlers to an application."""
    app.register_error_handler(MessagingError, answered)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def answered(error: MessagingError) -> Response:
    """Give one of our errors as JSON, and log it where somebody has to look."""
    response = _answer(error.body(), error.status)
    if isinstance(error, StoreUnavailable):
        response.headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, Unauthenticated):
        response.headers["WWW-Authenticate"] = "Bearer"
    if error.status >= 500:
        log.error(error.code, message=error.message, path=request.path)
    elif error.status in (401, 403):
        log.warning(error.code, message=error.message, path=request.path, address=request.remote_addr)
    return response


def _answer(body: dict[str, Any], status: int) -> Response:
    """Give the body with the id under which the log speaks of this request."""
    body["error"]["details"] = {**body["error"]["details"], "request_id": g.request_id}
    response = jsonify(body)
    response.status_code = status
    return response


def _http(error: HTTPException) -> Response:
    """Give werkzeug's own refusals (404, 405, 413, ...) our shape, with the headers it set."""
    if error.code == TooLarge.status:
        _read_away(current_app.config["MAX_CONTENT_LENGTH"])
        return answered(too_large())
    code = (error.name or "error").lower().replace(" ", "_")
    body = {"code": code, "message": error.description or code, "details": {}}
    response = _answer({"error": body}, error.code or 500)
    for name, value in error.get_headers():
        if name.lower() not in {"content-type", "content-length"}:
            response.headers[name] = value
    return response


def _read_away(largest: int) -> None:
    """Read a body that is stated to be too large and keep nothing: who still sends does not come to read the answer."""
    stated, stream = request.content_length or 0, request.environ["wsgi.input"]
    left = min(stated, _READ_AWAY * largest) if stated > largest else 0
    with suppress(OSError):  # nobody is there to be answered
        while left > 0 and (piece := stream.read(min(left, _PIECE))):
            left -= len(piece)


def _unexpected(error: Exception) -> Response:
    """A defect of ours: the log says where, without values that may be message text; the caller learns nothing of it."""
    where = "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)))
    log.error("defect", path=request.path, error=type(error).__name__, where=where)
    return answered(MessagingError("the service failed unexpectedly; the log says where"))
