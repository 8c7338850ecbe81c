"""The ids of depositions and messages, checked before a file or a query is asked for them."""

import re

from service.errors import InvalidInput, no_deposition
from service.vocabulary import is_deposition_id

#: What a new message, or its parent, may be called: a UUID as text (reference section 5), or a caller's own key.
NEW_MESSAGE_ID = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_NEW = re.compile(NEW_MESSAGE_ID)
#: What a stored message may be called: a legacy program may have chosen otherwise, and its message can still be read.
_STORED = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,255}")


def read_deposition_id(field: str, value: object) -> str:
    """Read a deposition's id; letters may be small (reference section 1). Raises InvalidInput naming the field."""
    spelt = value.upper() if isinstance(value, str) else ""
    if not is_deposition_id(spelt):
        raise no_deposition(field, value)
    return spelt


def known_id(value: object) -> str:
    """Give an id back that a stored message may have. Raises InvalidInput."""
    if not isinstance(value, str) or not _STORED.fullmatch(value):
        raise InvalidInput.of("message_id", "is no message's id: 1 to 255 characters, none of them a control character")
    return value


def new_id(field: str, text: str | None) -> str | None:
    """Give an id back that a new message may have or name, or the absent one. Raises InvalidInput naming the field."""
    if text and not _NEW.fullmatch(text):
        raise InvalidInput.of(field, "is 1 to 64 letters, digits, dots, dashes and underscores, the first a letter or digit")
    return text
