"""A change is resolved into rows against what a deposition holds, and putting them changes those rows alone."""

from dataclasses import replace

import pytest

from service.changes import AppendMessage, EditDraft, MarkRead, Tag
from service.deltas import Delta
from service.errors import Conflict, NotFound
from service.messages import Correspondence, FileReference, Message, OriginalCommunication, Section, Status
from service.vocabulary import FROM_DEPOSITOR, TO_DEPOSITOR

DEP = "D_1000000001"


def message(message_id: str, **more: str | None) -> Message:
    return replace(Message(TO_DEPOSITOR, None, message_id, DEP, "2026-01-02 03:04:05"), **more)  # type: ignore[arg-type]


def holding(*messages: Message, statuses: tuple[Status, ...] = (), files: tuple[FileReference, ...] = ()) -> Correspondence:
    empty = Correspondence(DEP)
    for content_type in {m.content_type for m in messages}:
        own = tuple(m for m in messages if m.content_type == content_type)
        empty = empty.with_section(Section(content_type, own))
    first = empty.section(TO_DEPOSITOR)
    return empty.with_section(replace(first, statuses=statuses, files=files))


def test_a_first_message_is_number_one_of_everything() -> None:
    files = (FileReference(None, "m", DEP), FileReference(None, "m", DEP, "model"))
    delta = AppendMessage(DEP, message("m"), files, (OriginalCommunication(None, "m", DEP),)).resolve(holding())
    assert delta.append == message("m", ordinal_id="1")
    assert [f.ordinal_id for f in delta.files] == ["1", "2"]
    assert [o.ordinal_id for o in delta.originals] == ["1"]
    assert delta


def test_the_next_ordinal_is_the_count_and_one_whatever_numbers_stand_there() -> None:
    odd = [message("a", ordinal_id="7"), message("b", ordinal_id="7"), message("c", ordinal_id=None)]
    delta = AppendMessage(DEP, message("m")).resolve(holding(*odd))
    assert delta.append is not None
    assert delta.append.ordinal_id == "4"


@pytest.mark.parametrize("name", ["ordinal_id", "timestamp"])
def test_a_repeat_may_differ_in_what_the_service_makes_itself(name: str) -> None:
    stored = message("m", ordinal_id="1")
    delta = AppendMessage(DEP, message("m", **{name: "other"})).resolve(holding(stored))
    assert (delta.repeated, delta.append, bool(delta)) == (True, stored, False)


@pytest.mark.parametrize(
    "name",
    ["sender", "context_type", "context_value", "parent_message_id", "message_subject", "message_text", "send_status"],
)
def test_a_repeat_that_says_something_else_is_a_conflict(name: str) -> None:
    with pytest.raises(Conflict, match="message_id m is taken"):
        AppendMessage(DEP, message("m", **{name: "other"})).resolve(holding(message("m", ordinal_id="1")))


def test_a_repeat_in_another_order_of_its_files_is_a_conflict() -> None:
    files = (FileReference("1", "m", DEP, "model"), FileReference("2", "m", DEP, "map"))
    again = tuple(replace(f, ordinal_id=None) for f in reversed(files))
    with pytest.raises(Conflict):
        AppendMessage(DEP, message("m"), again).resolve(holding(message("m"), files=files))


@pytest.mark.parametrize("send_status", ["Y", None, "?", "n"])
def test_only_what_is_plainly_a_draft_can_be_edited(send_status: str | None) -> None:
    with pytest.raises(Conflict, match="already sent"):
        EditDraft(DEP, TO_DEPOSITOR, "m", "now", {}).resolve(holding(message("m", send_status=send_status)))


def test_an_edit_without_edits_moves_the_time_alone() -> None:
    stored = message("m", send_status="N", message_text="text", ordinal_id="1")
    delta = EditDraft(DEP, TO_DEPOSITOR, "m", "now", {}).resolve(holding(stored))
    assert delta.replace == replace(stored, timestamp="now")


def test_an_unknown_message_is_named_with_its_deposition() -> None:
    for change in (EditDraft(DEP, TO_DEPOSITOR, "x", "now", {}), MarkRead(DEP, "x"), Tag(DEP, "x")):
        with pytest.raises(NotFound, match=f"{DEP} holds no message x"):
            change.resolve(holding(message("m")))


def test_marking_read_what_has_a_status_keeps_its_flags_even_odd_ones() -> None:
    stored = Status("m", "D_9999999999", None, "?", None)
    delta = MarkRead(DEP, "m", "Y", "Y").resolve(holding(message("m"), statuses=(stored,)))
    assert delta.status == replace(stored, read_status="Y")


@pytest.mark.parametrize("subject", ["Release request", "Release with citation update", "Citation update"])
def test_the_first_read_of_a_depositors_release_asks_for_the_release(subject: str) -> None:
    theirs = message("m", content_type=FROM_DEPOSITOR, message_subject=subject)
    status = MarkRead(DEP, "m", for_release="N").resolve(holding(theirs)).status
    assert status == Status("m", DEP, "Y", "Y", "Y")


def test_a_first_tag_is_taken_as_given_blanks_included() -> None:
    assert Tag(DEP, "m", "", None, " ").resolve(holding(message("m"))).status == Status("m", DEP, "", None, " ")


def test_the_same_tag_again_is_a_repeat() -> None:
    stored = Status("m", DEP, "Y", "N", "N")
    assert Tag(DEP, "m", "Y", "N", "N").resolve(holding(message("m"), statuses=(stored,))).repeated
    assert not Tag(DEP, "m", "N", "N", "N").resolve(holding(message("m"), statuses=(stored,))).repeated


def test_rows_are_put_where_the_first_of_their_id_stands_and_behind_the_others() -> None:
    section = Section(TO_DEPOSITOR, (message("a"), message("b"), message("a")), statuses=(Status("a", DEP),))
    edited = Delta(TO_DEPOSITOR, replace=message("a", message_text="new"), status=Status("a", DEP, "Y")).put_into(section)
    assert [(m.message_id, m.message_text) for m in edited.messages] == [("a", "new"), ("b", None), ("a", None)]
    assert edited.statuses == (Status("a", DEP, "Y"),)
    added = Delta(TO_DEPOSITOR, append=message("c"), status=Status("c", DEP)).put_into(section)
    assert [m.message_id for m in added.messages] == ["a", "b", "a", "c"]
    assert added.statuses == (Status("a", DEP), Status("c", DEP))


def test_a_repeat_puts_nothing() -> None:
    section = Section(TO_DEPOSITOR, (message("a"),))
    assert Delta(TO_DEPOSITOR, append=message("a"), repeated=True).put_into(section) is section
