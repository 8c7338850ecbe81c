"""The domain values: what a correspondence answers about messages, whichever file they live in."""

from dataclasses import FrozenInstanceError

import pytest

from service.messages import (
    CATEGORIES,
    Correspondence,
    Counts,
    FileReference,
    Message,
    OriginalCommunication,
    Section,
    Status,
    attributes,
    same_but,
)
from service.vocabulary import CONTENT_TYPES, FROM_DEPOSITOR, NOTES, TO_DEPOSITOR

DEP = "D_1000000001"


def message(content_type: str, message_id: str) -> Message:
    return Message(content_type, "1", message_id, DEP, "2026-01-02 03:04:05")


def full() -> Correspondence:
    sections = (
        Section(
            TO_DEPOSITOR,
            (message(TO_DEPOSITOR, "to"), message(TO_DEPOSITOR, "twice")),
            (FileReference("1", "to", DEP),),
            (OriginalCommunication("1", "to", DEP),),
            (Status("from", DEP, "Y"), Status("gone", DEP)),
        ),
        Section(FROM_DEPOSITOR, (message(FROM_DEPOSITOR, "from"),), (FileReference("1", "from", DEP),) * 2),
        Section(NOTES, (message(NOTES, "twice"),), (), (OriginalCommunication("1", "twice", DEP),)),
    )
    return Correspondence(DEP, sections)


def test_the_columns_are_those_of_the_files_in_their_order() -> None:
    assert {name.removeprefix("pdbx_deposition_message_"): attributes(row)[:3] for name, row in CATEGORIES.items()} == {
        "info": ("ordinal_id", "message_id", "deposition_data_set_id"),
        "file_reference": ("ordinal_id", "message_id", "deposition_data_set_id"),
        "origcomm_reference": ("ordinal_id", "message_id", "deposition_data_set_id"),
        "status": ("message_id", "deposition_data_set_id", "read_status"),
    }
    assert [len(attributes(row)) for row in CATEGORIES.values()] == [12, 9, 10, 5]
    assert attributes(FileReference)[3] == "content_type"
    assert "content_type" not in attributes(Message)


def test_a_message_is_found_in_any_file_and_the_first_of_two_is_given() -> None:
    found = full()
    assert [m.message_id for m in found.messages] == ["to", "twice", "from", "twice"]
    twice, note = found.message("twice"), found.section(NOTES).messages[0]
    assert twice is not None
    assert (twice.content_type, note.content_type) == (TO_DEPOSITOR, NOTES)
    assert found.message("TO") is None
    assert found.message("") is None


def test_what_belongs_to_a_message_is_found_in_any_file() -> None:
    found = full()
    assert [len(found.references(m)) for m in ("to", "from", "twice")] == [1, 2, 0]
    assert [len(found.originals(m)) for m in ("to", "from", "twice")] == [1, 0, 1]


def test_a_status_of_a_message_in_another_file_or_in_none_is_found() -> None:
    found = full()
    assert found.status("from") == Status("from", DEP, "Y")
    assert found.status("gone") == Status("gone", DEP)
    assert found.status("to") is None


def test_rows_are_counted_per_file_and_category() -> None:
    assert [full().counts(c) for c in CONTENT_TYPES] == [Counts(2, 1, 1), Counts(1, 2, 0), Counts(1, 0, 1)]


def test_an_exchanged_section_leaves_the_others_and_the_old_value_alone() -> None:
    before = full()
    after = before.with_section(Section(FROM_DEPOSITOR))
    assert after.section(FROM_DEPOSITOR) == Section(FROM_DEPOSITOR)
    assert [after.section(c) for c in (TO_DEPOSITOR, NOTES)] == [before.section(c) for c in (TO_DEPOSITOR, NOTES)]
    assert before == full()


def test_a_new_correspondence_has_three_empty_files() -> None:
    empty = Correspondence(DEP)
    assert [s.content_type for s in empty.sections] == list(CONTENT_TYPES)
    assert (empty.messages, empty.statuses) == ((), ())


def test_a_comparison_leaves_out_what_it_is_told_and_nothing_else() -> None:
    one = message(NOTES, "m")
    assert same_but(one, Message(NOTES, "9", "m", DEP, "later"), "ordinal_id", "timestamp")
    assert not same_but(one, Message(NOTES, "9", "m", DEP, "later"), "ordinal_id")


def test_a_row_cannot_be_changed_in_place() -> None:
    with pytest.raises(FrozenInstanceError):
        message(NOTES, "m").message_id = "other"  # type: ignore[misc]
