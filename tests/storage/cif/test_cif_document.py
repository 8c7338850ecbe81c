"""A file is read whole or refused as damaged; every lawful way to write it means the same."""

from pathlib import Path

import pytest
from support.site import LEGACY

from service.storage.cif.document import FRAME, DamagedCif, tokens
from service.storage.cif.scanner import scan

SAMPLES = sorted(LEGACY.rglob("*.cif.V1"))
BLOCK = b"data_messages\n"
STATUS = b"_pdbx_deposition_message_status"


def _names(path: Path) -> str:
    return path.name


def _values(data: bytes, category: str = "a") -> list[list[bytes]]:
    return [list(row) for row in tokens(data, scan(data).tables[category])]


def _cuts_taken(data: bytes) -> list[int]:
    """Give the lengths at which a cut file is still taken for a whole one."""
    taken = []
    for cut in range(len(data) + 1):
        try:
            scan(data[:cut])
        except DamagedCif:
            continue
        taken.append(cut)
    return taken


@pytest.mark.parametrize("sample", SAMPLES, ids=_names)
def test_every_cut_of_a_legacy_file_is_refused_unless_whole_categories_are_left(sample: Path) -> None:
    data = sample.read_bytes()
    closings = {n + k for n in range(len(data)) for k in (2, 3, 4) if data.startswith(b"\n# \n", n)}

    taken = set(_cuts_taken(data))

    assert taken >= {0, len(data)}
    assert {cut for cut in taken if cut > len(FRAME)} <= closings


def test_a_file_cut_within_the_name_of_its_block_is_refused() -> None:
    assert _cuts_taken(FRAME) == [0, *range(len(FRAME) - 4, len(FRAME) + 1)]


def test_a_cut_within_a_second_block_that_a_legacy_program_wrote_is_refused() -> None:
    first, second = FRAME + b"_a.x 1\n# \n", b"data_second\n# \n_b.y 2\n_b.z 3\n# \n"

    taken = {cut - len(first) for cut in _cuts_taken(first + second)}

    assert {cut for cut in taken if cut > second.index(b"#")} == {13, 14, 15, *range(len(second) - 2, len(second) + 1)}


@pytest.mark.parametrize("sample", SAMPLES, ids=_names)
def test_a_hole_of_zero_bytes_as_a_crash_leaves_it_is_refused(sample: Path) -> None:
    data = sample.read_bytes()
    for at in range(0, len(data), 997):
        with pytest.raises(DamagedCif, match="NUL"):
            scan(data[:at] + b"\0" * 64 + data[at + 64 :])


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(BLOCK + b"_a.x 1\n_a.y 2\n", id="pairs"),
        pytest.param(BLOCK + b"loop_\n_a.x\n_a.y\n1 2\n", id="one-row loop"),
        pytest.param(BLOCK.replace(b"\n", b"\r\n") + b"loop_\r\n_a.x\r\n_a.y\r\n1 2\r\n", id="CRLF"),
        pytest.param(b"DATA_Messages LOOP_ _A.X _a.Y 1 2", id="upper case, one line, no line end"),
        pytest.param(b"# hello\n\n" + BLOCK + b"# x '\nloop_ # c\n_a.x # ;\n_a.y\n# between\n1 # d\n2\n", id="comments"),
        pytest.param(b"data_other\n_a.x 1\n_a.y 2\ndata_messages\n_a.x 8\n_a.y 9\n", id="first block counts"),
        pytest.param(BLOCK + b"_q.z 'unknown'\n_a.x\n1\n_a.y\n\n\n2\nloop_\n_r.s\n1 2 3\n", id="unknown categories"),
        pytest.param(BLOCK + b"#_a.x 7\n_a.x 1\n_a.y 2 # _a.z 3", id="comment to the end"),
    ],
)
def test_every_lawful_form_of_a_row_is_read(data: bytes) -> None:
    assert _values(data) == [[b"1", b"2"]]
    assert scan(data).tables["a"].attributes == ["x", "y"]


@pytest.mark.parametrize(
    "token",
    [
        b"'a b'", b'"a b"', b"'it's'", b"'a'b c'", b'"say "so"x"', b"'#'", b"';'", b"'_a.x'", b"'data_x'", b"'loop_'",
        b"''", b'""', b"\n;\n;", b"\n;one\n two\n; three\n;".replace(b"\n; t", b"\n ;t"), b"\n;'\n\"\n# \nloop_\n;",
        b"\n;;\n;", b"\n;crlf\r\nline\r\n;", b"a'b", b'a"b', b"a#b", b"a;b", b"loop_x", b"x_y", b"?", b".", b"-1.5e3",
        b"&#59;", b"stop_x", b"global_x", b"[a", b"(", "Ångström".encode(),
    ],
)  # fmt: skip
def test_every_kind_of_value_is_one_value(token: bytes) -> None:
    loop = BLOCK + b"loop_\n_a.x\n_a.y\n1 " + token + b"\n" + token.lstrip(b"\n") + b" 2\n"

    assert _values(BLOCK + b"_a.x " + token + b"\n_a.y 2\n") == [[token.lstrip(b"\n"), b"2"]]
    assert _values(loop) == [[b"1", token.lstrip(b"\n")], [token.lstrip(b"\n"), b"2"]]


@pytest.mark.parametrize(
    "body",
    [
        b"loop_\n_a.x\n_a.y\n1 2\n3\n",
        b"loop_\n_a.x\n_a.y\n",
        b"_a.x 1\n_a.y\n",
        b"_a.x\n_a.y 2\n",
        b"_a.x 1 2\n_a.y 3\n",
        b"_a.x 1 2\n",
        b"loop_\n",
        b"loop_\nloop_\n_a.x\n1\n",
        b"loop_\n_a.x\n_b.y\n1 2\n",
        b"_a.x 1\n_a.x 2\n",
        b"_a.x 1\n_A.X 2\n",
        STATUS + b".x 1\n_b.y 2\n" + STATUS + b".z 3\n",
        b"save_frame\n_b.y 2\nsave_\n",
        b"loop_\n_a.x\n1\nloop_\n_a.x\n2\n",
        b"stray\n_a.x 1\n",
        b"_a.x 'not closed\n_a.y 2\n",
        b'_a.x "not closed',
        b"_a.x 'closed'not\n",
        b"_a.x\n;text\n_a.y 2\n",
        b"_a.x\n;text\n;glued 2\n",
        b"_noperiod 1\n",
        b"_a.x 1\nsave_frame\n_b.y 2\n",
        b"_a.x 1\nstop_\n",
        b"global_\n_a.x 1\n",
        b"_a.x a\0b\n",
        b"_a.x caf\xe9\n",
        b"_a. 1\n",
    ],
)
def test_what_breaks_the_grammar_is_refused_naming_the_place(body: bytes) -> None:
    with pytest.raises(DamagedCif, match=r"at byte \d+"):
        scan(BLOCK + body)


@pytest.mark.parametrize(
    "data", [b"garbage", b"_a.x 1\n", b"loop_\n_a.x\n1\n", b"# only a comment\n", b"<html>500</html>", b";x\n;"]
)
def test_a_file_without_a_data_block_is_refused(data: bytes) -> None:
    with pytest.raises(DamagedCif):
        scan(data)


@pytest.mark.parametrize("data", [b"", b"\n", FRAME, b"data_messages\n#\n"])
def test_a_file_without_rows_holds_nothing_yet(data: bytes) -> None:
    assert scan(data).tables == {}


def test_two_programs_each_adding_a_block_do_not_hide_the_first() -> None:
    data = BLOCK + b"_a.x 1\n# \ndata_messages\n_a.x 2\n_b.y 3\n# \n"

    assert _values(data) == [[b"1"]]
    assert "b" not in scan(data).tables
    assert data[scan(data).block_end :].startswith(b"data_messages\n_a.x 2")


def test_a_damaged_second_block_is_damage_too() -> None:
    with pytest.raises(DamagedCif):
        scan(BLOCK + b"_a.x 1\ndata_second\n_a.x 'open\n")


def test_a_long_damaged_file_is_refused_without_trying_every_way_to_read_it() -> None:
    with pytest.raises(DamagedCif):
        scan(BLOCK + b"_a.x\n;" + b"line ' \" ;\n; x\n" * 200_000)
    with pytest.raises(DamagedCif):
        scan(BLOCK + b"_a.x '" + b"it's " * 500_000)
