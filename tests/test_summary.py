"""The global checks, row by row (reference section 7.4)."""

from typing import Any

import pytest

from service.messages import Correspondence, Message, Section, Status
from service.summary import Summary, summarise

TO, FROM, NOTES = "messages-to-depositor", "messages-from-depositor", "notes-from-annotator"
APPROVAL = "Approval without corrections"


def correspondence(
    *statuses: Status, to: tuple[Message, ...] = (), received: tuple[Message, ...] = (), notes: tuple[str | None, ...] = ()
) -> Correspondence:
    kept = tuple(Message(NOTES, str(n), f"n{n}", "D_1", "t", message_type=t) for n, t in enumerate(notes))
    return Correspondence("D_1", (Section(TO, to, statuses=statuses), Section(FROM, received), Section(NOTES, kept)))


def letter(message_id: str = "m", content_type: str = FROM, **more: Any) -> Message:
    return Message(content_type, "1", message_id, "D_1", "t", **more)


def status(read: str | None = "Y", action: str | None = "N", release: str | None = "N", message_id: str = "m") -> Status:
    return Status(message_id, "D_1", read, action, release)


def test_nothing_received_is_nothing_to_do() -> None:
    quiet = Summary(True, True, False, False, False, False, False, 0)
    assert summarise(correspondence()) == quiet
    assert summarise(correspondence(to=(letter(content_type=TO, message_subject="Release request"),))) == quiet


@pytest.mark.parametrize(
    ("statuses", "read", "actioned"),
    [
        ((), False, False),
        ((status(),), True, True),
        ((status("N", "N"),), False, True),
        ((status("Y", "Y"),), True, False),
        ((status(None, None),), True, True),
        ((status(), status("N", "Y")), True, True),
        ((status(message_id="other"),), False, False),
    ],
)
def test_a_depositors_message_is_unread_and_to_do_until_a_row_says_otherwise(
    statuses: tuple[Status, ...],
    read: bool,
    actioned: bool,
) -> None:
    found = summarise(correspondence(*statuses, received=(letter(),)))
    assert (found.all_msgs_read, found.all_msgs_actioned) == (read, actioned)


def test_one_unread_message_among_many_is_enough() -> None:
    found = summarise(correspondence(status(), received=(letter(), letter("second"))))
    assert (found.all_msgs_read, found.all_msgs_actioned) == (False, False)


def test_messages_to_the_depositor_and_notes_are_never_to_do() -> None:
    rows = (status("N", "Y", message_id="t"), status("N", "Y", message_id="n0"))
    found = summarise(correspondence(*rows, to=(letter("t", TO),), notes=("text",)))
    assert (found.all_msgs_read, found.all_msgs_actioned) == (True, True)


@pytest.mark.parametrize("subject", ["Release request", "Release with citation update", "Citation update"])
def test_a_release_subject_counts_while_there_is_no_row(subject: str) -> None:
    received = (letter(message_subject=subject),)
    assert summarise(correspondence(received=received)).any_msgs_for_release is True
    assert summarise(correspondence(status(release="N"), received=received)).any_msgs_for_release is False
    by_context = (letter(context_type=subject),)
    assert summarise(correspondence(received=by_context)).any_msgs_for_release is False


def test_a_release_flag_counts_on_messages_of_both_directions_and_not_on_notes() -> None:
    flag = status(release="Y")
    assert summarise(correspondence(flag, received=(letter(),))).any_msgs_for_release is True
    assert summarise(correspondence(flag, to=(letter(content_type=TO),))).any_msgs_for_release is True
    assert summarise(correspondence(status(release="Y", message_id="n0"), notes=("text",))).any_msgs_for_release is False


def test_an_approval_is_known_by_its_context_and_waits_for_action() -> None:
    approval = (letter(context_type=APPROVAL),)
    assert summarise(correspondence(received=approval)).any_unactioned_approval is True
    assert summarise(correspondence(status(action="Y"), received=approval)).any_unactioned_approval is True
    assert summarise(correspondence(status(action="N"), received=approval)).any_unactioned_approval is False
    assert summarise(correspondence(received=(letter(message_subject=APPROVAL),))).any_unactioned_approval is False
    assert summarise(correspondence(to=(letter(content_type=TO, context_type=APPROVAL),))).any_unactioned_approval is False


@pytest.mark.parametrize(
    ("notes", "expected"),
    [
        ((), (False, False, False, 0)),
        (("text",), (True, True, False, 1)),
        ((None,), (True, True, False, 1)),
        (("archive_auto",), (True, False, False, 1)),
        (("archive_auto_noorig", "archive"), (True, False, False, 2)),
        (("archive_manual_flag",), (True, True, True, 1)),
        (("archive_flag", "text"), (True, True, False, 2)),
    ],
)
def test_notes_are_counted_and_told_from_archived_and_flagged_mail(
    notes: tuple[str | None, ...], expected: tuple[bool, bool, bool, int]
) -> None:
    found = summarise(correspondence(notes=notes))
    assert (
        found.any_notes_exist,
        found.any_annotator_or_flagged_notes,
        found.only_flagged_mail,
        found.num_notes_records,
    ) == expected
