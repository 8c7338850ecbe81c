"""Headers that every answer carries, so that a browser does with it no more than was meant."""

from flask import Flask, Response

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
    """Attach the headers to the answers of an application; a view that sets one itself is left alone."""

    def add(response: Response) -> Response:
        stated = {name.title() for name, _ in response.headers}
        response.headers.extend({name: value for name, value in HEADERS.items() if name not in stated})
        return response

    app.after_request(add)
