"""Headers that every answer carries, so that a browser does with it no more than was meant."""

from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask

#: Everything a page needs comes from here, nothing is inline, nobody frames it.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


def init_app(app: Flask) -> None:
    """Attach the headers to the answers of an application; one that a view sets itself is left alone.

    They are attached where the answer leaves: within Flask each of them would be looked at twice for every answer.
    """
    inner = app.wsgi_app

    def attach(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *failed: Any) -> Callable[[bytes], object]:
            stated = {name.title() for name, _ in headers}
            more = [header for header in HEADERS.items() if header[0] not in stated]
            return start_response(status, headers + more, *failed)

        return inner(environ, start)

    app.wsgi_app = attach  # type: ignore[method-assign]
