"""A change moves only the bytes it means to: everything else in a file, however odd, stays as it stands."""

from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import Path

import pytest
from support import legacy
from support.site import LEGACY
from support.splicing import changed, section_of, with_replaced, with_rows

from service.messages import CATEGORY_NAMES, FileReference, Message, Row, Status
from service.storage.cif import document
from service.storage.cif.scanner import scan
from service.vocabulary import TO_DEPOSITOR

SAMPLES = [p for p in sorted(LEGACY.rglob("*.cif.V1")) if p.stat().st_size]
STATUS = b"_pdbx_deposition_message_status."
NEW = Message(
    TO_DEPOSITOR, "9", "new-id", "D_1", "2026-01-02 03:04:05", "x y", message_subject="it's", message_text="a\nb\n"
)


def _taken_out(old: bytes, new: bytes) -> bytes:
    """Give what of the old bytes is not in the new ones, in order."""
    blocks = SequenceMatcher(None, old.splitlines(True), new.splitlines(True), autojunk=False).get_opcodes()
    return b"".join(b"".join(old.splitlines(True)[a:b]) for kind, a, b, _, _ in blocks if kind in {"replace", "delete"})


def _put_in(old: bytes, new: bytes) -> bytes:
    return _taken_out(new, old)


@pytest.mark.parametrize(
    "sample", [p for p in SAMPLES if b"loop_\n_pdbx_deposition_message_info" in p.read_bytes()], ids=str
)
def test_appending_to_a_loop_of_a_real_file_only_adds_lines(sample: Path) -> None:
    old = sample.read_bytes()
    new = with_rows(old, NEW)

    assert _taken_out(old, new) == b""
    assert b"new-id" in _put_in(old, new)
    assert section_of(new) == replace(section_of(old), messages=(*section_of(old).messages, NEW))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda p: p.name)
@pytest.mark.parametrize("row", [NEW, FileReference("9", "new-id", "D_1"), Status("new-id", "D_1", "Y", "N", "N")])
def test_appending_to_any_category_leaves_every_other_category_as_it_stands(sample: Path, row: Row, tmp_path: Path) -> None:
    old = sample.read_bytes()

    new = with_rows(old, row)

    touched = CATEGORY_NAMES[type(row)].encode()
    for part in old.split(b"# \n"):
        assert touched + b"." in part or part in new
    kept, found = dict(section_of(old).categories()), dict(section_of(new).categories())
    assert {k: v for k, v in found.items() if k is not type(row)} == {k: v for k, v in kept.items() if k is not type(row)}
    assert found[type(row)] == (*kept[type(row)], row)
    (tmp_path / "new.cif").write_bytes(new)
    assert "new-id" in {r["message_id"] for r in legacy.rows(tmp_path / "new.cif", touched.decode())}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda p: p.name)
def test_replacing_one_row_of_a_real_file_touches_only_the_lines_of_that_row(sample: Path) -> None:
    old = sample.read_bytes()
    table = scan(old).tables["pdbx_deposition_message_info"]
    width = len(table.attributes)
    for position, message in enumerate(section_of(old).messages):
        edited = replace(message, message_subject="Edited", message_text="new\ntext", timestamp="2026-01-01 00:00:00")
        match = list(document.row_matches(old, table))[position]
        begin, end = match.start(1) if table.is_loop else table.begin, match.end(width)

        new = with_replaced(old, position, edited)

        assert new.startswith(old[:begin])
        assert new.endswith(old[end:].lstrip(b" \n"))
        messages = list(section_of(old).messages)
        messages[position] = edited
        assert section_of(new).messages == tuple(messages)


@pytest.mark.parametrize("sample", [p for p in SAMPLES if b"message_status" in p.read_bytes()], ids=lambda p: p.name)
def test_replacing_a_flag_changes_the_line_of_that_status_alone(sample: Path) -> None:
    old = sample.read_bytes()
    for position, status in enumerate(section_of(old).statuses):
        new = with_replaced(old, position, replace(status, read_status="Q"))

        assert len(_put_in(old, new).splitlines()) == 1
        assert str(status.message_id).encode() in _put_in(old, new)
        assert section_of(new).statuses[position].read_status == "Q"


def test_a_replaced_row_with_the_same_values_changes_no_byte() -> None:
    for data in [p.read_bytes() for p in SAMPLES]:
        assert changed(data, section_of(data)) == data


def test_appending_to_a_pair_form_makes_it_a_loop_of_both() -> None:
    one = with_rows(b"", NEW)
    assert b"loop_" not in one

    two = with_rows(one, replace(NEW, message_id="second"))

    assert two == with_rows(b"", NEW, replace(NEW, message_id="second"))


def test_a_column_that_a_file_lacks_is_added_with_the_first_value_for_it() -> None:
    old = b"data_messages\n# \nloop_\n" + STATUS + b"message_id \n" + STATUS + b"own \nm1 'x y' \nm2 ? \n# \n"

    new = with_rows(old, Status("m3", "D_1", "Y"))
    replaced = with_replaced(old, 1, Status("m2", None, "N"))

    assert [(s.message_id, s.read_status) for s in section_of(new).statuses] == [("m1", None), ("m2", None), ("m3", "Y")]
    assert [(s.message_id, s.read_status) for s in section_of(replaced).statuses] == [("m1", None), ("m2", "N")]
    for data in (new, replaced):
        own = scan(data).tables["pdbx_deposition_message_status"]
        assert [r[own.attributes.index("own")] for r in document.tokens(data, own)][:2] == [b"'x y'", b"?"]


def test_a_column_that_a_file_lacks_is_not_added_for_a_value_that_is_absent() -> None:
    old = b"data_messages\n# \nloop_\n" + STATUS + b"message_id \nm1 \nm2 \n# \n"

    assert with_rows(old, Status("m3", None)) == old.replace(b"m2 \n", b"m2 \nm3 \n")
