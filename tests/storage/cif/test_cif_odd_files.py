"""Files that a hand, a script or another library made keep every foreign byte when a row is put into them."""

import io
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mmcif.io.PdbxReader import PdbxReader
from support.splicing import changed, section_of, with_replaced, with_rows

from service.messages import Message, Section, Status
from service.storage.cif import document
from service.storage.cif.scanner import scan
from service.vocabulary import TO_DEPOSITOR

NEW = Message(TO_DEPOSITOR, "9", "new-id", None, None, message_text="a\nb")
STATUS = b"_pdbx_deposition_message_status."
BEFORE = b"# made by hand\ndata_other\n_cell.length_a   7.0 # keep\n"
INFO = (
    b"loop_\n_pdbx_deposition_message_info.ordinal_id\n_PDBX_deposition_message_info.Message_ID\n"
    b"_pdbx_deposition_message_info.extra\n_pdbx_deposition_message_info.message_text # c\n"
    b"1  'one' \"extra one\" \n;text 1\n;\n# between\n2 two   ?\t'text 2' 3 three 'e' text3\n"
)
BEHIND = b"\nloop_\n_unknown.a _unknown.b\n1 2\n#\n\ndata_messages\n_pdbx_deposition_message_info.ordinal_id 77\n# \n"
ODD = BEFORE + INFO + BEHIND

#: How a hand may write one value, what parts two values, and what may stand between two rows.
_TOKENS = st.sampled_from(
    [b"plain", b"'quo ted'", b'"dou ble"', b"'it's'", b"\n;block 'x' \"\n# no comment\n;", b"?", b".", b"a#b"]
)
_GAPS = st.sampled_from([b" ", b"\t", b"   ", b"\n", b" \r\n", b"\n\n"])
_ROW_ENDS = st.sampled_from([b"\n", b"\r\n", b" \n# note 'x\n", b" # note\n", b"\n\n", b" "])
_TAILS = st.sampled_from([b"", b"# \n", b"# end", b"\n# \nloop_\n_z.a\n1\n2\n", b"_z.a 'b c'\n", b"#\ndata_two\n_q.r ;s\n"])


@st.composite
def _loops(draw: st.DrawFn) -> bytes:
    out = BEFORE + b"loop_\n" + STATUS + b"message_id " + STATUS + b"own\n" + STATUS + b"read_status\n"
    for _ in range(draw(st.integers(1, 4))):
        out += b"".join(draw(_TOKENS) + draw(_GAPS) for _ in range(2)) + draw(_TOKENS) + draw(_ROW_ENDS)
    return out + b"\n" + draw(_TAILS)


def test_a_row_put_into_an_odd_file_is_all_that_comes_to_it() -> None:
    new = with_rows(ODD, NEW)

    assert new.startswith(BEFORE + INFO)
    assert new.endswith(BEHIND)
    assert [m.message_id for m in section_of(new).messages] == ["one", "two", "three", "new-id"]
    table = scan(new).tables["pdbx_deposition_message_info"]
    assert [row[2] for row in document.tokens(new, table)] == [b'"extra one"', b"?", b"'e'", b"?"]


def test_a_new_category_goes_to_the_end_of_the_first_block() -> None:
    new = with_rows(ODD, Status("one", "D_1", "Y", "N", "N"))

    first, second = new.split(b"data_messages\n")
    assert first.startswith(BEFORE + INFO + BEHIND.split(b"data_messages")[0])
    assert second == BEHIND.split(b"data_messages\n")[1]
    assert section_of(new).statuses == (Status("one", "D_1", "Y", "N", "N"),)


@pytest.mark.parametrize("position", [0, 1, 2])
def test_replacing_a_row_of_an_odd_file_keeps_its_extra_value_and_its_neighbours(position: int) -> None:
    old = section_of(ODD).messages

    new = with_replaced(ODD, position, replace(old[position], message_text="other"))

    assert new.startswith(BEFORE)
    assert new.endswith(BEHIND)
    assert [m.message_text for m in section_of(new).messages] == [
        "other" if n == position else m.message_text for n, m in enumerate(old)
    ]
    table = scan(new).tables["pdbx_deposition_message_info"]
    assert [row[2] for row in document.tokens(new, table)] == [b'"extra one"', b"?", b"'e'"]
    assert b"# between\n" in new


@given(_loops(), st.sampled_from(["v", "a b", 'it\'s "x"', "one\ntwo", None]))
@settings(max_examples=400)
def test_appending_to_any_loop_inserts_one_run_of_bytes_and_changes_no_other(old: bytes, value: str | None) -> None:
    new = with_rows(old, Status(value, None, value), Status("last", None))

    run = len(new) - len(old)
    assert any(new[:at] + new[at + run :] == old for at in range(len(old) + 1))
    assert section_of(new).statuses == (*section_of(old).statuses, Status(value, None, value), Status("last", None))


@given(_loops(), st.data(), st.sampled_from(["v", "a b", 'it\'s "x"', "one\ntwo", None]))
@settings(max_examples=400)
def test_replacing_any_row_of_a_loop_leaves_the_bytes_around_it(old: bytes, data: st.DataObject, value: str | None) -> None:
    statuses = section_of(old).statuses
    position = data.draw(st.integers(0, len(statuses) - 1))
    table = scan(old).tables["pdbx_deposition_message_status"]
    match = list(document.row_matches(old, table))[position]
    begin, end = match.start(1), match.end(3)

    new = with_replaced(old, position, replace(statuses[position], read_status=value))

    assert new.startswith(old[:begin])
    assert new.endswith(old[end:].lstrip(b" \t\r\n"))
    changed = list(statuses)
    changed[position] = replace(statuses[position], read_status=value)
    assert section_of(new).statuses == tuple(changed)
    after = document.tokens(new, scan(new).tables[table.name])
    assert document.tokens(old, table)[position][1] == after[position][1]


def test_a_comment_between_pairs_survives_a_change_of_a_value() -> None:
    old = b"data_messages\n" + STATUS + b"message_id m1\n# checked by J. Doe\n" + STATUS + b"read_status N\n"

    new = with_replaced(old, 0, replace(section_of(old).statuses[0], read_status="Y"))

    assert section_of(new).statuses[0].read_status == "Y"
    assert b"# checked by J. Doe\n" in new


def test_a_comment_between_rows_survives_a_column_that_is_added() -> None:
    old = b"data_messages\nloop_\n" + STATUS + b"message_id\nm1\n# checked by J. Doe\nm2\n"

    new = with_rows(old, Status("m3", None, "Y"))

    assert section_of(new).statuses[2].read_status == "Y"
    assert b"# checked by J. Doe\n" in new


def test_a_comment_within_a_row_survives_a_change_of_that_row() -> None:
    old = b"data_messages\nloop_\n" + STATUS + b"message_id\n" + STATUS + b"read_status\nm1 # checked by J. Doe\nN\nm2 N\n"

    new = with_replaced(old, 0, replace(section_of(old).statuses[0], read_status="Y"))

    assert b"# checked by J. Doe\n" in new


def test_an_item_in_upper_case_is_the_same_item_when_pairs_become_a_loop() -> None:
    old = b"data_messages\n_PDBX_deposition_message_status.Message_ID m1\n" + STATUS + b"Own 'x y'\n"

    new = with_rows(old, Status("m2", None))

    assert section_of(new).statuses == (Status("m1", None), Status("m2", None))
    assert b"_PDBX_deposition_message_status.Message_ID \n" + STATUS + b"Own \n" in new


def test_a_column_is_added_with_the_category_spelt_as_it_is() -> None:
    old = b"data_messages\n_Pdbx_deposition_message_status.message_id m1\n"

    new = with_rows(old, Status("m2", None, "Y"))

    assert section_of(new).statuses == (Status("m1", None), Status("m2", None, "Y"))
    blocks: list[Any] = []
    PdbxReader(io.StringIO(new.decode())).read(blocks)
    assert blocks[0].getObj("Pdbx_deposition_message_status").getRowCount() == 2


def test_rows_for_a_loop_that_ends_the_file_stay_before_a_category_that_is_new() -> None:
    old = b"data_messages\nloop_\n" + STATUS + b"message_id\n" + STATUS + b"read_status\na Y\nb N\n"
    section = _with_status_and_message(section_of(old))

    assert section_of(changed(old, section)) == section


def _with_status_and_message(section: Section) -> Section:
    return replace(section, messages=(NEW,), statuses=(*section.statuses, Status("c", None, "Y")))


def test_a_bare_value_that_begins_with_a_semicolon_never_comes_to_a_line_start() -> None:
    info = b"_pdbx_deposition_message_info."
    head = b"".join(info + a + b"\n" for a in (b"message_id", b"message_subject", b"message_text", b"send_status"))
    old = b"data_messages\nloop_\n" + head + b"m1 sub ;txt N\nm2 sub text N\n"
    first, second = section_of(old).messages

    data = with_replaced(old, 0, replace(first, message_subject="a\nb"))

    assert section_of(data).messages == (replace(first, message_subject="a\nb"), second)
