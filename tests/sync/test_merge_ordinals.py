"""Whatever two sections hold, a merge numbers what it restores with a number that nothing else in the category has."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from service.messages import FileReference, Message, Section
from service.sync.merge import Facts, merge
from service.vocabulary import TO_DEPOSITOR

DEP = "D_1000000001"
FACTS = st.builds(Facts, st.booleans(), st.booleans(), st.booleans())
IDS = st.lists(st.sampled_from("abcdef"), unique=True, max_size=5)


def message(message_id: str, ordinal: int) -> Message:
    return Message(TO_DEPOSITOR, str(ordinal), message_id, DEP, "2026-01-02 03:04:05")


def reference(message_id: str, ordinal: int) -> FileReference:
    return FileReference(str(ordinal), message_id, DEP, "model", "pdbx", "1", "1")


@st.composite
def sections(draw: st.DrawFn) -> Section:
    """A section whose ordinals are unique, as every program leaves them, though perhaps with gaps."""
    ids = draw(IDS)
    numbers = draw(st.lists(st.integers(1, 9), unique=True, min_size=len(ids), max_size=len(ids)))
    pairs = list(zip(ids, numbers, strict=True))
    return Section(TO_DEPOSITOR, tuple(message(*p) for p in pairs), tuple(reference(*p) for p in pairs))


@given(sections(), sections(), FACTS)
@settings(max_examples=400, deadline=None)
def test_no_two_rows_of_a_category_have_one_ordinal_after_a_merge(file: Section, rows: Section, facts: Facts) -> None:
    merged = merge(file, rows, facts).section
    for category in (merged.messages, merged.files):
        numbers = Counter(row.ordinal_id for row in category)
        assert max(numbers.values(), default=1) == 1, numbers


@given(sections(), sections(), FACTS)
@settings(max_examples=200, deadline=None)
def test_a_row_of_the_file_keeps_its_ordinal_and_its_place(file: Section, rows: Section, facts: Facts) -> None:
    merged = merge(file, rows, facts).section
    kept = merged.messages[: len(file.messages)]
    assert [(m.message_id, m.ordinal_id) for m in kept] == [(m.message_id, m.ordinal_id) for m in file.messages]


def test_a_row_restored_into_a_file_with_a_gap_gets_a_free_number() -> None:
    file = Section(TO_DEPOSITOR, (message("a", 1), message("b", 3)))
    rows = Section(TO_DEPOSITOR, (message("a", 1), message("c", 3)))
    merged = merge(file, rows, Facts(file_changed=True, cif_behind=False, database_answers=True)).section
    assert len({m.ordinal_id for m in merged.messages}) == 3
