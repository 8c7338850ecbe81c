"""Cursors: the place behind which the rest of a list begins, as text that a caller hands back."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from service.errors import InvalidInput

T = TypeVar("T")


def cursor_of(place: Sequence[object]) -> str:
    """Give a place as a cursor."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def place_of(cursor: str, made: Callable[..., T]) -> T:
    """Read a cursor, and make the place of its values; raise InvalidInput for one that is none of ours."""
    try:
        values: Any = json.loads(base64.urlsafe_b64decode(cursor))
        return made(*values)
    except (binascii.Error, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise InvalidInput.of("cursor", "is not one that a list gave; leave it out to begin again") from error
