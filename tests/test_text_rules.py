"""The service accepts every text but what no CIF text can carry, and says which character it refuses and where."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import InvalidInput
from service.text import accepted, first_refused, normalise

_CONTROLS = [*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x80, 0xA0)]
_NONCHARACTERS = [*range(0xFDD0, 0xFDF0), *(plane << 16 | low for plane in range(17) for low in (0xFFFE, 0xFFFF))]
_SURROGATES = range(0xD800, 0xE000)
REFUSED = frozenset([*_CONTROLS, *_NONCHARACTERS, *_SURROGATES])

texts = st.text(st.characters(blacklist_categories=["Cs"]).filter(lambda c: ord(c) not in REFUSED))


def test_exactly_the_characters_named_in_the_design_are_refused() -> None:
    refused = {point for point in range(0x110000) if first_refused(chr(point)) is not None}

    assert refused - {0x0D} == REFUSED, "the set differs from DESIGN.md section 9"
    assert len(_NONCHARACTERS) == 66


def test_every_accepted_character_beyond_ascii_survives_as_a_reference_in_the_legacy_decoder() -> None:
    changed = {point for point in range(0x80, 0x110000) if html.unescape(f"&#{point};") != chr(point)}

    assert changed
    assert changed <= REFUSED


@pytest.mark.parametrize("point", [0x00, 0x08, 0x0B, 0x1F, 0x80, 0x9F, 0xD800, 0xDFFF, 0xFDD0, 0xFFFE, 0x1FFFF, 0x10FFFF])
def test_a_refusal_names_the_field_the_character_and_its_position(point: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        accepted("message_text", f"ab\n{chr(point)}{chr(point)}c")

    assert refused.value.status == 422
    field = refused.value.details["fields"]
    assert isinstance(field, list)
    assert field[0]["field"] == "message_text"
    assert field[0]["position"] == 3
    assert field[0]["character"] == f"U+{point:04X}"


@pytest.mark.parametrize("text", ["\U0001ffff\x00", "\x00\U0001ffff", "\ud800\ufffe", "\uffff\x9f"])
def test_of_several_refused_characters_the_first_is_named(text: str) -> None:
    assert first_refused(f"Å{text}") == 1


@pytest.mark.parametrize("text", ["\x7f", "\xa0", "\u2028", "\u200b", "\ufffd", "漢", "😀", "\t\n", "\U0010fffd"])
def test_unusual_but_lawful_characters_are_accepted_as_they_are(text: str) -> None:
    assert accepted("message_text", f"a{text}b") == f"a{text}b"


@pytest.mark.parametrize("text", ["one\r\ntwo\rthree", "one\rtwo\r\nthree", "one\ntwo\nthree"])
def test_line_ends_of_every_kind_are_kept_as_lf(text: str) -> None:
    assert accepted("message_text", text) == "one\ntwo\nthree"


def test_a_carriage_return_is_never_left_over_to_be_refused() -> None:
    assert accepted("message_text", "\r\r\n\n\r") == "\n\n\n\n"


@pytest.mark.parametrize("text", ["", None])
def test_the_empty_text_is_no_text(text: str | None) -> None:
    assert accepted("message_subject", text) is None


@given(texts)
def test_every_other_text_is_accepted_unchanged_but_for_line_ends(text: str) -> None:
    assert accepted("message_text", text) == (text.replace("\r\n", "\n").replace("\r", "\n") or None)


@given(st.text(st.sampled_from("a\r\n")))
def test_bringing_line_ends_to_lf_twice_changes_nothing_more(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)
    assert "\r" not in normalise(text)
