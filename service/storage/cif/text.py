"""Texts to CIF values and back (DESIGN.md section 9, reference sections 3 and 4). What is written is plain ASCII that the
legacy programs, mmcif and gemmi read alike; the legacy display decodes it to the same text."""

import codecs
import html
import re
from functools import lru_cache

from service.text import normalise

#: What the legacy decoder takes for a character reference (html.unescape's own grammar).
_REFERENCE = re.compile(r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)", re.ASCII)
_NUMBERED = "messaging.cif"
#: No reference survives the legacy decoder for these; where a file already holds one, it stays as it is.
_UNCARRIED = re.compile(r"[\x80-\x9f\ufdd0-\ufdef]|[\ufffe\uffff]")
_RESERVED = re.compile(r"[;_]|(?:data|loop|save|stop|global)_", re.IGNORECASE)
#: Shorter texts are likely to come again.
_SHORT = 64
_NEEDS_QUOTES = re.compile(r"[#$]|.*[()\[\]{}\"]")


def encode(text: str) -> str:
    """Encode a text into the one ASCII form that the legacy decoder turns into the same text."""
    if text in {"?", "."}:
        return f"&#{ord(text)};"
    encoded = _REFERENCE.sub(_escape_ampersand, text) if "&" in text else text
    if not encoded.isascii():
        encoded = encoded.encode("ascii", _NUMBERED).decode("utf-8")
    if encoded.startswith(";"):
        encoded = f"&#59;{encoded[1:]}"
    return encoded.replace("\n;", "\n&#59;")


def decode(text: str) -> str:
    """Decode what stands in a file as the legacy display does: references, named entities, line ends."""
    return normalise(html.unescape(text) if "&" in text else text)


def _escape_ampersand(match: re.Match[str]) -> str:
    found = match.group()
    return f"&#38;{found[1:]}" if html.unescape(found) != found else found


def _number(error: UnicodeError) -> tuple[bytes, int]:
    """Write what stands between ASCII characters, as the handler of a codec, which finds it sooner than a pattern does."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return b"".join(map(_numbered, error.object[error.start : error.end])), error.end


@lru_cache(maxsize=4096)
def _numbered(character: str) -> bytes:
    point = ord(character)
    carried = not _UNCARRIED.match(character) and point & 0xFFFE != 0xFFFE
    return f"&#{point};".encode() if carried else character.encode("utf-8")


codecs.register_error(_NUMBERED, _number)


def to_token(text: str | None) -> bytes:
    """Write a value as it stands in a file, quotes or semicolons included; first matching rule of reference section 3."""
    if not text:
        return b"?"
    return _recurring(text) if len(text) < _SHORT else _written(text)


def _written(text: str) -> bytes:
    return _quoted(encode(text)).encode("utf-8")


# ids, types and flags: nearly all values of a file are among few
_recurring = lru_cache(maxsize=4096)(_written)


def _quoted(value: str) -> str:
    has_quote = "'" in value or '"' in value
    # gemmi reads DEL in a text block only, and takes the end of a quotation for seen where a comment seems to follow
    if "\n" in value or "\x7f" in value or ("'#" in value and '"' in value):
        return f";{value}\n;"
    if " " in value or "\t" in value or _RESERVED.match(value):
        return f";{value}\n;" if has_quote else f"'{value}'"
    if "'" in value and '"' not in value:
        return f'"{value}"'
    return f"'{value}'" if _NEEDS_QUOTES.match(value) else value


def from_token(token: bytes) -> str | None:
    """Read a value as it stands in a file; `None` for the bare `?`.

    Raises UnicodeDecodeError where the bytes are no UTF-8.
    """
    if token == b"?":
        return None
    return _known(token) if len(token) < _SHORT else _said(token)


def _said(token: bytes) -> str:
    return decode(_unquoted(token).decode("utf-8"))


_known = lru_cache(maxsize=4096)(_said)


def _unquoted(token: bytes) -> bytes:
    first = token[:1]
    if first == b";" and token.endswith(b"\n;"):
        return token[1:-2].removesuffix(b"\r")
    return token[1:-1] if first in {b"'", b'"'} else token
