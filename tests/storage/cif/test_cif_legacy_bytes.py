"""What we write from scratch is byte for byte what the legacy class writes, and a legacy rewrite of it changes nothing."""

import io
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mmcif_utils.message.PdbxMessageIo import PdbxMessageIo
from support import legacy
from support.site import LEGACY
from support.splicing import places

from service.messages import CATEGORIES, FileReference, Message, OriginalCommunication, Row, Section, Status, attributes
from service.storage.cif import rows, splice
from service.storage.cif.document import FRAME
from service.storage.cif.scanner import scan
from service.storage.cif.text import encode
from service.vocabulary import TO_DEPOSITOR

SAMPLES = [p for p in sorted(LEGACY.rglob("*.cif.V1")) if p.stat().st_size]
APPEND = {
    Message: "appendMessage",
    FileReference: "appendFileReference",
    OriginalCommunication: "appendOrigCommReference",
    Status: "appendMsgReadStatus",
}

#: Texts whose quoting the legacy writer decides in each of its ways. Ours alone are those that gemmi reads in a block only:
#: with DEL, or with `'#` and a double quote.
_PIECES = st.sampled_from(
    [
        "a",
        "b c",
        "\t",
        "'",
        '"',
        "''",
        "\n",
        "\n;",
        ";",
        "_x",
        "data_",
        "LOOP_",
        "#",
        "$",
        "(",
        "]",
        "{",
        "é",
        "漢",
        "&",
        "?",
        "1",
    ]
)
_TEXTS = st.lists(_PIECES, min_size=1, max_size=6).map("".join).filter(lambda t: "'#" not in t or '"' not in t)
VALUES = st.none() | _TEXTS | st.just("D_1000000001")
TABLES = st.tuples(*(st.lists(st.tuples(*[VALUES] * len(attributes(r))), max_size=3) for r in CATEGORIES.values()))


def _section(tables: tuple[list[tuple[str | None, ...]], ...]) -> Section:
    built: dict[str, tuple[Any, ...]] = {}
    names = [f.name for f in fields(Section)][1:]
    for name, row, values in zip(names, CATEGORIES.values(), tables, strict=True):
        fixed = (TO_DEPOSITOR,) if row is Message else ()
        built[name] = tuple(row(*fixed, *v) for v in values)
    return Section(TO_DEPOSITOR, **built)


def _ours(section: Section) -> bytes:
    layout = scan(b"")
    edits = [e for put in rows.between(Section(TO_DEPOSITOR), section) for e in splice.edits(b"", layout, put)]
    data = b"".join(splice.pieces(b"", edits))
    assert places(splice.moved(b"", layout, edits)) == places(scan(data))
    return data


def _read(data: bytes) -> Section:
    return rows.section_of(data, scan(data), TO_DEPOSITOR, {})


def _legacy_value(value: str | None) -> str | None:
    return encode(value) if value else None


def _legacy_bytes(section: Section, path: Path) -> bytes:
    message_io = PdbxMessageIo(verbose=False, log=io.StringIO())
    message_io.newBlock("messages")
    for kind, found in section.categories():
        for row in found:
            assert getattr(message_io, APPEND[kind])({a: _legacy_value(getattr(row, a)) for a in attributes(kind)})
    assert message_io.write(str(path))
    return path.read_bytes()


def _rewritten(path: Path) -> bytes:
    assert legacy.opened(path).write(str(path))
    return path.read_bytes()


@given(TABLES)
@settings(max_examples=120)
def test_a_file_from_scratch_is_the_one_the_legacy_class_writes(
    tmp_path_factory: pytest.TempPathFactory, tables: tuple[list[tuple[str | None, ...]], ...]
) -> None:
    section = _section(tables)
    directory = tmp_path_factory.mktemp("bytes")
    wanted = _legacy_bytes(section, directory / "legacy.cif")

    ours = _ours(section)

    assert (ours or FRAME) == wanted
    assert _read(ours) == section


@given(TABLES.filter(any))
@settings(max_examples=500)
def test_a_legacy_rewrite_of_our_file_is_the_same_file(
    tmp_path_factory: pytest.TempPathFactory, tables: tuple[list[tuple[str | None, ...]], ...]
) -> None:
    path = tmp_path_factory.mktemp("rewrite") / "messages.cif"
    path.write_bytes(_ours(_section(tables)))

    assert _ours(_section(tables)) == _rewritten(path)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda p: p.name)
def test_a_real_file_made_anew_from_its_rows_is_the_legacy_rewrite_of_it(sample: Path, tmp_path: Path) -> None:
    path = tmp_path / sample.name
    path.write_bytes(sample.read_bytes())
    section = _read(path.read_bytes())

    assert _ours(section) == _rewritten(path)


@pytest.mark.parametrize("row", CATEGORIES.values())
def test_one_row_is_written_as_pairs_and_two_as_a_loop(row: type[Row]) -> None:
    values: tuple[str | None, ...] = (None,) * len(attributes(row))
    one, two = ([[values] * n if r is row else [] for r in CATEGORIES.values()] for n in (1, 2))

    assert b"loop_" not in _ours(_section(tuple(one)))
    assert _ours(_section(tuple(two))).startswith(FRAME + b"loop_\n_")


def test_a_message_of_a_million_characters_is_neither_wrapped_nor_cut(tmp_path: Path) -> None:
    text = "word & Wörter " * 75_000
    path = tmp_path / "messages.cif"
    path.write_bytes(_ours(Section(TO_DEPOSITOR, (Message(TO_DEPOSITOR, "1", "m1", "D_1", None, message_text=text),))))

    assert legacy.rows(path)[0]["message_text"] == text
