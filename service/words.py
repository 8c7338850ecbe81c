"""How texts are searched: folded, cut into words, and the words written so that every full-text index keeps them whole.

A word is a run of letters and digits. Case is no difference, nor is the way a character is composed: the Angstrom sign, the
letter it shows and an A with a ring behind it are one. Servers differ in what they take for a word, leave out short and
frequent ones, and may know no case beyond ASCII. So a text is indexed by a list of its words of our own making, in ASCII.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

_WORD = re.compile(r"[^\W_]+")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
#: Begins each listed word; no word of a text holds it.
MARK = " _"
#: Characters of a word that an index looks at: MariaDB keeps no longer words than 84.
INDEXED = 60
#: Characters of a word below which MariaDB may not keep it.
SHORTEST = 3


def folded(text: str) -> str:
    """Give a text in the form in which texts are compared."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def listed(*texts: str | None) -> str:
    """List the words of some texts, each once, as ` _word` with a blank behind the last, in ASCII; in no order."""
    found: set[str] = set()
    for text in texts:
        if text:
            found.update(_WORD.findall(folded(text)))
    words = {_ascii(word) for word in found}
    words |= {word[:INDEXED] for word in words if len(word) > INDEXED}
    return "".join(f"{MARK}{word}" for word in sorted(words)) + " " * bool(words)


@dataclass(frozen=True)
class Keyword:
    """What must occur in subject or text: at the beginning of a word, or `inside` words too."""

    text: str
    inside: bool = False

    def found_in(self, *texts: str | None) -> bool:
        """Tell whether one of the texts holds it."""
        return any(self._pattern.search(folded(text)) for text in texts if text)

    @cached_property
    def needles(self) -> tuple[str, ...]:
        """Give what the list of words of every text that holds it holds: each as it stands there."""
        words = list(_WORD.finditer(self._folded))
        return tuple(self._needle(word) for word in words)

    @cached_property
    def is_word(self) -> bool:
        """Tell whether its needle says all: it is one word, or the beginning or inside of one.

        A single character inside may also be a digit of one beyond ASCII.
        """
        return _WORD.fullmatch(self._folded) is not None and not (self.inside and len(self._folded) == 1)

    @cached_property
    def _folded(self) -> str:
        return folded(self.text)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        begins = "" if self.inside or not _WORD.match(self._folded) else r"(?<![^\W_])"
        return re.compile(begins + re.escape(self._folded))

    def _needle(self, word: re.Match[str]) -> str:
        mark = "" if self.inside and word.start() == 0 else MARK
        end = " " if word.end() < len(self._folded) else ""
        return f"{mark}{_ascii(word.group())}{end}"


def _ascii(word: str) -> str:
    """Write what lies beyond ASCII as its code, digits apart: no letters and digits of a word are taken for it.

    Case would not do: MariaDB looks for words without it, and an index that it builds over existing rows keeps it.
    """
    if word.isascii():
        return word
    return _NOT_ASCII.sub(lambda c: "_" + "_".join(f"{ord(c.group()):05x}") + "_", word)
