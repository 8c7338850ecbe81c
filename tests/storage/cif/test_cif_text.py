"""Every accepted text comes back the same through our reader, the legacy reader, mmcif and gemmi; on disk it is ASCII."""

import html
import io
from pathlib import Path

import gemmi
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mmcif.io.PdbxReader import PdbxReader
from support import legacy

from service.messages import Message, Section
from service.storage.cif import rows, splice
from service.storage.cif.scanner import scan
from service.storage.cif.text import decode, encode, from_token, to_token
from service.text import accepted, first_refused
from service.vocabulary import TO_DEPOSITOR

INFO = "pdbx_deposition_message_info"

#: What the legacy decoder, the quoting rules and the three readers treat in ways of their own.
_REFERENCES = (
    "&amp; &amp &lt; &lt &notit; &notin &copy &#38; &#38 &#59; &#x26; &#X26 &#0; &#13; &#128; &#63; &#x110000; &hellip"
)
_PIECES = (
    "& ; &# &#x # ' \" '' '# ? . _ _a.b data_ loop_ save_ stop_ global_ DATA_Q $ # [ ] ( ) { } \\ \\xa0 0 9 a amp lt; #65;"
)
_LINES = ["\n", "\n;", "\n;\n", "\n; ", ";\n", "\n\n", " ", "  ", "\t", "\n_x.y z\n", "\n# \n", "\nloop_\n", "\ndata_x\n"]
_SIGNS = [
    "\x7f",
    "\xa0",
    "\u2028",
    "\u2029",
    "\u3000",
    "\ufeff",
    "\u200b",
    "漢字",
    "Ångström",
    "😀",
    "\ufffd",
    "\u0149",
    "é",
]
_SNIPPETS = st.sampled_from([*_REFERENCES.split(), *_PIECES.split(), *_LINES, *_SIGNS])
_CHARACTERS = st.characters(exclude_categories=["Cs"]).filter(lambda c: c != "\r" and first_refused(c) is None)
TEXTS = st.lists(_SNIPPETS | st.text(_CHARACTERS, max_size=3), min_size=1, max_size=12).map("".join).filter(bool)
PAIRS = st.tuples(TEXTS, TEXTS)


def _message(text: str, number: int) -> Message:
    return Message(TO_DEPOSITOR, str(number), f"id-{number}", "D_1", None, message_subject=text, message_text=text)


def _file(*texts: str) -> bytes:
    new = Section(TO_DEPOSITOR, tuple(_message(t, n) for n, t in enumerate(texts, 1)))
    edits = [e for put in rows.between(Section(TO_DEPOSITOR), new) for e in splice.edits(b"", scan(b""), put)]
    return b"".join(splice.pieces(b"", edits))


def _read(data: bytes) -> tuple[Message, ...]:
    return rows.section_of(data, scan(data), TO_DEPOSITOR, {}).messages


def _by_mmcif(data: bytes, attribute: str) -> list[str]:
    containers: list[object] = []
    PdbxReader(io.StringIO(data.decode("ascii"))).read(containers)
    category = containers[0].getObj(INFO)  # type: ignore[attr-defined]
    return [html.unescape(category.getValue(attribute, n)) for n in range(category.getRowCount())]


def _by_gemmi(data: bytes, attribute: str) -> list[str]:
    block = gemmi.cif.read_string(data.decode("ascii")).sole_block()
    return [html.unescape(gemmi.cif.as_string(v)) for v in block.find_values(f"_{INFO}.{attribute}")]


@given(TEXTS)
@settings(max_examples=600)
@example("?")
@example(".")
@example("\n;&amp;\n;")
@example("&#38;#38;")
def test_a_text_comes_back_from_its_encoding_and_from_its_token(text: str) -> None:
    assert decode(encode(text)) == text
    assert html.unescape(encode(text)) == text
    assert from_token(to_token(text)) == text


@given(TEXTS)
@settings(max_examples=300)
def test_on_disk_a_text_is_ascii_without_a_line_that_could_end_a_text_block(text: str) -> None:
    assert encode(text).isascii()
    assert not any(line.startswith(";") for line in encode(text).split("\n"))
    assert to_token(text).isascii()


@given(PAIRS)
@settings(max_examples=300)
def test_two_texts_have_one_encoding_only_when_they_are_one_text(pair: tuple[str, str]) -> None:
    one, other = pair
    assert (encode(one) == encode(other)) == (one == other)
    assert encode(decode(encode(one))) == encode(one)


@given(TEXTS, TEXTS)
@settings(max_examples=300)
@example("a'#\"b", "\"'#")
@example("'#'\"", "#'#\"")
def test_mmcif_and_gemmi_read_the_text_that_was_written(first: str, second: str) -> None:
    for data in (_file(first), _file(first, second)):
        wanted = [first, second][: data.count(b"id-1") + data.count(b"id-2")]
        for attribute in ("message_text", "message_subject"):
            assert [t.rstrip() for t in _by_mmcif(data, attribute)] == [t.rstrip() for t in wanted]
            assert _by_gemmi(data, attribute) == wanted
            assert [getattr(m, attribute) for m in _read(data)] == wanted


@given(texts=st.lists(TEXTS, min_size=20, max_size=30))
@settings(max_examples=25)
def test_the_legacy_class_reads_the_texts_that_were_written(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    path = tmp_path_factory.mktemp("text") / "messages.cif"
    path.write_bytes(_file(*texts))

    found = legacy.rows(path)

    assert [row["message_text"] for row in found] == texts
    assert [row["message_subject"] for row in found] == texts


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_a_text_that_the_service_accepts_is_one_that_can_be_kept(text: str) -> None:
    if first_refused(text.replace("\r", "\n")) is None:
        kept = accepted("message_text", text)
        assert from_token(to_token(kept)) == kept


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("AT&T; R&D & more", "AT&T; R&D & more"),
        ("&amp;", "&#38;amp;"),
        ("&ampere", "&#38;ampere"),
        ("&#65;", "&#38;#65;"),
        ("x;y\n;z", "x;y\n&#59;z"),
        (";", "&#59;"),
        ("?", "&#63;"),
        (".", "&#46;"),
        ("??", "??"),
        ("Ångström", "&#197;ngstr&#246;m"),
        ("a\xa0b\u2028c", "a&#160;b&#8232;c"),
    ],
)
def test_only_what_the_legacy_decoder_would_change_is_written_as_a_reference(text: str, encoded: str) -> None:
    assert encode(text) == encoded


@pytest.mark.parametrize(
    ("token", "text"),
    [
        (b"?", None),
        (b"'?'", "?"),
        (b".", "."),
        (b"'it''s'", "it''s"),
        ("Å&#197;&Aring;".encode(), "ÅÅÅ"),
        (b";one\r\ntwo\r\n;", "one\ntwo"),
        (b"&lt;b&gt;", "<b>"),
        (b"a&b", "a&b"),
        (b";\n\n;", "\n"),
    ],
)
def test_what_the_archive_holds_is_read_as_the_legacy_display_shows_it(token: bytes, text: str | None) -> None:
    assert from_token(token) == text


def test_a_control_character_that_a_legacy_program_wrote_is_read(tmp_path: Path) -> None:
    path = tmp_path / "messages.cif"
    path.write_bytes(_file("first"))
    legacy.append(path, message_id="m2", message_subject="soft\x0bbreak", message_text="form\x0cfeed")

    found = _read(path.read_bytes())

    assert legacy.rows(path)[1]["message_subject"] == "soft\x0bbreak"
    assert [m.message_subject for m in found] == ["first", "soft\x0bbreak"]
