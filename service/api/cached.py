"""Answers that did not change: told by a tag to the caller who has them, and not made twice in a process."""

import hashlib
from collections.abc import Callable
from sys import getsizeof
from typing import cast

from flask import Flask, Response, current_app, request
from pydantic_core import to_json

from service.api.render import Body
from service.bounded import Bounded
from service.storage.base import Answer

Bodies = Bounded[tuple[str, bytes, str], bytes]
_EXTENSION = "messaging-bodies"
#: Bytes of bodies, with their addresses, that a process keeps.
_CAPACITY = 32 * 1024 * 1024


def init_app(app: Flask) -> None:
    """Give an application a memory of its bodies."""
    app.extensions[_EXTENSION] = Bodies(_CAPACITY, _size_of)


def answered(answer: Answer, build: Callable[[], Body]) -> Response:
    """Give the answer to a GET: 304 where the caller has it by its tag, else the body as it was made or as `build` makes it.

    An answer whose content nobody can vouch for has no tag and is made each time.
    """
    tag, headers = _tag_of(answer), {"X-Served-By": answer.served_by}
    if tag is not None:
        headers |= {"ETag": f'"{tag}"', "Cache-Control": "private, no-cache"}  # ask again each time, with the tag
        if request.if_none_match.contains_weak(tag):
            return Response(status=304, headers=headers)
    return Response(_body(tag, build), headers=headers, mimetype="application/json")


def _body(tag: str | None, build: Callable[[], Body]) -> bytes:
    bodies, key = cast(Bodies, current_app.extensions[_EXTENSION]), (request.path, request.query_string, tag or "")
    body = bodies.get(key) if tag is not None else None
    if body is None:
        body = to_json(build())
        if tag is not None:
            bodies.keep(key, body)
    return body


def _size_of(key: tuple[str, bytes, str], body: bytes) -> int:
    """Count the key too: a caller chooses how long the address is, and a body may be short."""
    return sum(map(getsizeof, (*key, body)))


def _tag_of(answer: Answer) -> str | None:
    if answer.tag is None or answer.unverified:
        return None
    return hashlib.sha256(f"{answer.served_by} {answer.tag}".encode()).hexdigest()[:32]
