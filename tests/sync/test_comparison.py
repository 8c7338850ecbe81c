"""The comparison of two correspondences: every field, every row, both directions, and the order."""

from dataclasses import fields, replace
from typing import Any

import pytest

from service.messages import Correspondence, FileReference, Message, OriginalCommunication, Row, Status
from service.sync.comparison import RowDifference, differences
from service.vocabulary import TO_DEPOSITOR

DEP = "D_1000000001"
M1, M2 = (Message(TO_DEPOSITOR, str(n), f"m{n}", DEP, "2026-01-02 03:04:05", message_text="t") for n in (1, 2))
F1, F2 = (FileReference(str(n), "m1", DEP, "model-annotate", "pdbx", "1", str(n), "archive") for n in (1, 2))
O1 = OriginalCommunication("1", "m2", DEP, "o")
S1 = Status("m1", DEP, "N", "Y", "N")
BASE = Correspondence(DEP)
SECTION = replace(BASE.section(TO_DEPOSITOR), messages=(M1, M2), files=(F1, F2), originals=(O1,), statuses=(S1,))
FULL = BASE.with_section(SECTION)
ROWS: list[tuple[str, Any]] = [("messages", M1), ("files", F2), ("originals", O1), ("statuses", S1)]


def with_row(name: str, row: Row, new: Row | None) -> Correspondence:
    rows: Any = tuple(new if r is row else r for r in getattr(SECTION, name) if r is not row or new is not None)
    return BASE.with_section(replace(SECTION, **{name: rows}))


def test_the_same_has_no_difference() -> None:
    assert differences(FULL, replace(FULL)) == ()
    assert differences(BASE, BASE) == ()


@pytest.mark.parametrize(
    ("name", "row", "field"), [(n, r, f.name) for n, r in ROWS for f in fields(r) if "_id" not in f.name]
)
def test_every_field_of_every_category_is_compared(name: str, row: Any, field: str) -> None:
    if field == "content_type" and isinstance(row, Message):
        return  # it says in which file the row is
    for value in ("other", None) if getattr(row, field) else ("other",):
        [found] = differences(FULL, with_row(name, row, replace(row, **{field: value})))
        assert (found.message_id, found.what, found.fields) == (row.message_id, "differing", (field,))


@pytest.mark.parametrize(("name", "row"), [r for r in ROWS if hasattr(r[1], "ordinal_id")])
def test_ordinals_are_compared(name: str, row: Any) -> None:
    [found] = differences(FULL, with_row(name, row, replace(row, ordinal_id="9")))
    assert found.fields == ("ordinal_id",)


@pytest.mark.parametrize(("name", "row"), ROWS)
def test_a_row_that_one_side_lacks_is_told_for_that_side(name: str, row: Row) -> None:
    less = with_row(name, row, None)
    assert [(d.message_id, d.what) for d in differences(FULL, less)] == [(row.message_id, "missing in database")]
    assert [(d.message_id, d.what) for d in differences(less, FULL)] == [(row.message_id, "missing in file")]


def test_rows_in_another_order_are_a_difference() -> None:
    other = BASE.with_section(replace(SECTION, messages=(M2, M1)))
    assert differences(FULL, other) == (RowDifference(TO_DEPOSITOR, "pdbx_deposition_message_info", "m1", "order"),)


def test_a_row_that_stands_twice_on_one_side_is_a_difference() -> None:
    twice = BASE.with_section(replace(SECTION, statuses=(S1, S1)))
    assert [d.what for d in differences(FULL, twice)] == ["missing in file"]
