"""Folding, words and keywords: what is found is what a reader would point at, and the list of words never hides it."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.words import Keyword, folded, listed

TEXT = st.text(alphabet=st.sampled_from("aAbBzZåÅ\u212bA\u030aßSséω9_ -.(\n水ﬁ"), max_size=30)


def is_found(keyword: Keyword, text: str) -> bool:
    """Look as a server does: in the list of words, and in the text where that does not say all."""
    return all(n in listed(text) for n in keyword.needles) and (keyword.is_word or keyword.found_in(text))


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("ångström", "at 1.7 Ångström"),
        ("ÅNG", "at 1.7 a\u030angström"),
        ("\u212b", "1.7 Å"),
        ("valid", "The Validation report"),
        ("x-ray", "an X-ray structure"),
        ("report", "validation_report.pdf"),
        ("1.7", "resolution 1.7 A"),
        ("STRASSE", "Straße"),
        ("a" * 90, "b" + " " + "A" * 95),
    ],
)
def test_a_word_or_its_beginning_is_found_whatever_its_case_and_composition(word: str, text: str) -> None:
    assert is_found(Keyword(word), text)


@pytest.mark.parametrize(
    ("word", "text"), [("alidation", "validation"), ("1.7", "resolution 21.7"), ("ray", "xray"), ("a b", "a-b"), ("x", "")]
)
def test_the_inside_of_a_word_is_found_only_where_it_is_asked_for(word: str, text: str) -> None:
    assert not is_found(Keyword(word), text)
    assert is_found(Keyword(word, inside=True), text) == (folded(word) in folded(text))


@given(TEXT, TEXT, st.booleans())
def test_the_list_of_words_finds_what_the_text_holds(word: str, text: str, inside: bool) -> None:
    keyword = Keyword(word, inside)
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    sought = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", word).casefold())
    starts = [m.start() for m in re.finditer(f"(?={re.escape(sought)})", plain)]
    begins = [n for n in starts if not (sought[:1].isalnum() and n and plain[n - 1].isalnum())]
    assert is_found(keyword, text) == (bool(text) and bool(starts if inside else begins))


@given(st.text(max_size=60), st.text(min_size=1, max_size=8), st.booleans())
def test_any_text_is_found_by_the_list_as_by_itself(text: str, word: str, inside: bool) -> None:
    keyword = Keyword(word, inside)
    assert is_found(keyword, text) == keyword.found_in(text)
    assert listed(text).isascii()
