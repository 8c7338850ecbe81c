"""The merge of one section: both sides' rows are kept, the file's order too, and the facts decide what differs."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.messages import Correspondence, FileReference, Message, OriginalCommunication, Section, Status
from service.sync.merge import Facts, Merged, compare, merge
from service.vocabulary import TO_DEPOSITOR

QUIET = Facts(file_changed=False, cif_behind=False, database_answers=False)


def message(message_id: str, text: str = "t", ordinal: str = "1") -> Message:
    return Message(TO_DEPOSITOR, ordinal, message_id, "D_1", "2026-01-02 03:04:05", message_text=text)


def reference(message_id: str, kind: str, ordinal: str = "1") -> FileReference:
    return FileReference(ordinal, message_id, "D_1", kind, "pdbx", "1", "1", "archive")


def section(*messages: Message, files: tuple[FileReference, ...] = (), statuses: tuple[Status, ...] = ()) -> Section:
    return Section(TO_DEPOSITOR, messages, files, (), statuses)


def ids(merged: Merged) -> list[str | None]:
    return [m.message_id for m in merged.section.messages]


def test_a_row_on_one_side_only_is_on_both_afterwards_in_the_order_of_the_file() -> None:
    merged = merge(section(message("a"), message("c")), section(message("b"), message("c")), QUIET)
    assert ids(merged) == ["a", "c", "b"]


def test_a_restored_row_whose_ordinal_is_taken_gets_the_next_one() -> None:
    merged = merge(
        section(message("a", ordinal="1"), message("legacy", ordinal="2")), section(message("b", ordinal="2")), QUIET
    )
    assert [m.ordinal_id for m in merged.section.messages] == ["1", "2", "3"]


def test_rows_lost_by_the_file_are_counted_as_healed_unless_it_was_behind() -> None:
    file, rows = section(message("a")), section(message("a"), message("b"))
    assert merge(file, rows, QUIET).healed == 1
    assert merge(file, rows, replace(QUIET, cif_behind=True)).healed == 0


@pytest.mark.parametrize(
    ("changed", "behind", "database", "wins", "conflicts"),
    [
        (True, False, False, "file", 0),
        (True, False, True, "file", 0),
        (False, True, False, "rows", 0),
        (False, True, True, "rows", 0),
        (True, True, False, "file", 1),
        (True, True, True, "rows", 1),
        (False, False, False, "file", 1),
        (False, False, True, "rows", 1),
    ],
)
def test_a_row_that_differs_is_decided_by_who_changed_since_the_last_sync(
    changed: bool, behind: bool, database: bool, wins: str, conflicts: int
) -> None:
    merged = merge(section(message("a", "file")), section(message("a", "rows")), Facts(changed, behind, database))
    assert merged.section.messages[0].message_text == wins
    assert len(merged.conflicts) == conflicts
    for conflict in merged.conflicts:
        kept, lost = conflict.kept, conflict.lost
        assert isinstance(kept, Message)
        assert isinstance(lost, Message)
        assert {kept.message_text, lost.message_text} == {"file", "rows"}


def test_in_a_file_that_lost_rows_the_database_is_right_about_the_others_too() -> None:
    file = section(message("a", "old"))
    merged = merge(file, section(message("a", "new"), message("b")), replace(QUIET, file_changed=True))
    assert merged.section.messages[0].message_text == "new"
    assert merged.conflicts == ()


def test_an_ordinal_is_the_files_own_and_no_conflict() -> None:
    merged = merge(section(message("a", ordinal="7")), section(message("a", ordinal="1")), QUIET)
    assert (merged.section.messages[0].ordinal_id, merged.conflicts) == ("7", ())


def test_equal_references_are_a_multiset() -> None:
    one, two = reference("m", "model", "1"), reference("m", "model", "2")
    assert len(merge(section(files=(one, two)), section(files=(one,)), QUIET).section.files) == 2
    assert len(merge(section(files=(one,)), section(files=(one, two)), QUIET).section.files) == 2


def test_a_format_tells_two_references_apart() -> None:
    cif = reference("m", "model")
    pdb = replace(cif, content_format="pdb")
    assert set(merge(section(files=(cif,)), section(files=(pdb,)), QUIET).section.files) >= {cif}
    assert len(merge(section(files=(cif,)), section(files=(pdb,)), QUIET).section.files) == 2


def test_two_messages_of_one_id_are_both_kept() -> None:
    twice = section(message("a", "one"), message("a", "two", "2"))
    assert merge(twice, section(), QUIET).section == twice
    assert merge(section(), twice, replace(QUIET, cif_behind=True)).section == twice


def test_original_communications_are_told_apart_by_all_they_say() -> None:
    one = OriginalCommunication("1", "m", "D_1", orig_sender="a")
    other = replace(one, orig_sender="b")
    merged = merge(Section(TO_DEPOSITOR, originals=(one,)), Section(TO_DEPOSITOR, originals=(other,)), QUIET)
    assert [o.orig_sender for o in merged.section.originals] == ["a", "b"]


MESSAGES = st.lists(
    st.builds(message, st.sampled_from("abcd"), st.sampled_from(["x", "y"]), st.sampled_from("123")), max_size=5
)
SIDES = st.builds(lambda found: section(*found), MESSAGES)
FACTS = st.builds(Facts, st.booleans(), st.booleans(), st.booleans())


@given(SIDES, SIDES, FACTS)
def test_a_merge_holds_the_rows_of_both_sides_and_a_second_one_changes_nothing(
    file: Section, rows: Section, facts: Facts
) -> None:
    merged = merge(file, rows, facts).section

    kept, of_file, of_rows = (Counter(m.message_id for m in s.messages) for s in (merged, file, rows))
    assert kept == of_file | of_rows
    assert [m.message_id for m in merged.messages][: len(file.messages)] == [m.message_id for m in file.messages]
    again = merge(merged, merged, facts)
    assert (again.section, again.healed, again.conflicts) == (merged, 0, ())
    assert merge(merged, rows, replace(facts, file_changed=True, cif_behind=False)).section == merged


def test_what_a_correspondence_gained_is_counted() -> None:
    old = Correspondence("D_1").with_section(section(message("a"), message("b", "old")))
    new = Correspondence("D_1").with_section(section(message("a"), message("b", "new"), message("c")))
    counted = compare(old, new)
    assert (counted.added, counted.updated, counted.unchanged) == (1, 1, 1)
