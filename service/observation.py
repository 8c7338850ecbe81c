"""Count and time every request, under the pattern of its route and never its path, and give it an id for log and answer."""

import re
import time
import uuid

import structlog
from flask import Flask, Response, g, request

from service.metrics import Metrics
from service.storage import patience

REQUEST_ID = "X-Request-Id"
#: What another program may give as the id of a request; anything else could forge lines of a log that is read by eye.
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_UNKNOWN, _OTHER = "(none)", "(other)"
#: A caller could make series without end by inventing others.
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


def init_app(app: Flask, metrics: Metrics) -> None:
    """Attach the counting to an application."""

    def begin() -> None:
        g.begun = time.perf_counter()
        patience.begin()
        given = request.headers.get(REQUEST_ID, "")
        request_id = g.request_id = given if _ID.fullmatch(given) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)

    def end(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else _UNKNOWN
        method = request.method if request.method in _METHODS else _OTHER
        response.headers[REQUEST_ID] = g.request_id
        metrics.request(route, method, response.status_code, time.perf_counter() - g.begun)
        return response

    app.before_request(begin)
    app.after_request(end)
    app.teardown_request(lambda _: patience.end())
