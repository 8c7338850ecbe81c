"""Count and time every request, under the pattern of its route and never its path."""

import time

from flask import Flask, Response, g, request

from service.metrics import Metrics

_UNKNOWN, _OTHER = "(none)", "(other)"
#: A caller could make series without end by inventing others.
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


def init_app(app: Flask, metrics: Metrics) -> None:
    """Attach the counting to an application."""

    def begin() -> None:
        g.begun = time.perf_counter()

    def end(response: Response) -> Response:
        route = str(request.url_rule) if request.url_rule else _UNKNOWN
        method = request.method if request.method in _METHODS else _OTHER
        metrics.request(route, method, response.status_code, time.perf_counter() - g.begun)
        return response

    app.before_request(begin)
    app.after_request(end)
