"""The texts the service accepts, in every field and under every profile (DESIGN.md section 9)."""

import re

from service.errors import InvalidInput

#: The last two code points of every plane are no characters.
_LAST_OF_PLANES = "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
#: No CIF text can carry these; `\\r` becomes a line end.
_REFUSED = re.compile(rf"[\x00-\x08\x0b\x0c\x0e-\x1f\x80-\x9f\ud800-\udfff\ufdd0-\ufdef{_LAST_OF_PLANES}]")


def accepted(field: str, text: object) -> str | None:
    """Bring a text to the form in which it is kept: LF line ends, and nothing for the empty text (reference section 4).

    Raises InvalidInput naming the field for what is no text, and naming character and position as well for a character that
    no CIF text can carry.
    """
    if text is None or text == "":
        return None
    if not isinstance(text, str):
        raise InvalidInput.of(field, f"is {type(text).__name__}; give a text")
    position = first_refused(text)
    if position is not None:
        code = f"U+{ord(text[position]):04X}"
        raise InvalidInput.of(
            field,
            f"character {code} at position {position} cannot be kept in a CIF file; remove it",
            position=position,
            character=code,
        )
    return normalise(text)


def one_line(field: str, text: str, longest: int) -> str:
    """Give back a line that people read in a log or on a terminal. Raises InvalidInput for any other text."""
    if not text.strip():
        raise InvalidInput.of(field, "is empty; give one line")
    if len(text) > longest or not text.isprintable():
        raise InvalidInput.of(field, f"give one line of at most {longest} printable characters")
    return text


def normalise(text: str) -> str:
    """Bring line ends to LF, as every reader of the files does."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def first_refused(text: str) -> int | None:
    """Find the position of the first character that no CIF text can carry, `None` when all can be (DESIGN.md section 9)."""
    if text.replace("\n", "").isprintable():  # as nearly every text is, and this is ten times faster than the search
        return None
    found = _REFUSED.search(text)
    return found.start() if found else None


def number(text: str | None) -> int | str | None:
    """Give the number that a text is; one that it is not stays as the file holds it (promise P3)."""
    return int(text) if text and text.isascii() and text.isdigit() and str(int(text)) == text else text
