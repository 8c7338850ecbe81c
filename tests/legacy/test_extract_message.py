"""`ExtractMessage` over the real files and over made ones; the rules of reference section 14, under every profile."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from support.site import DEPOSITION, LEGACY, Site

from service.changes import AppendMessage, Tag
from service.embedded import program
from service.errors import DamagedFile
from service.legacy import ExtractMessage
from service.messages import FileReference, Message
from service.vocabulary import FROM_DEPOSITOR, NOTES, TO_DEPOSITOR

DEP = "D_1000000001"
READY = "PDB - Processed files are ready for your review"


def at(day: int) -> str:
    return f"2026-01-{day:02} 10:00:00"


def when(day: int) -> datetime:
    return datetime(2026, 1, day, 10, 0, 0)


class Made:
    """A made deposition, filled through the chain of the profile."""

    def __init__(self) -> None:
        self.extract = ExtractMessage()
        self._sent = 0

    def put(self, day: int, content_type: str = TO_DEPOSITOR, report: bool = False, **more: Any) -> str:
        self._sent += 1
        key = f"m{self._sent}"
        fields: dict[str, Any] = {"sender": "JD", "send_status": "Y", "message_subject": "Hello", **more}
        files = (FileReference(None, key, DEP, "validation-report-annotate", "pdf", "1", "1", "archive"),) if report else ()
        message = Message(content_type, None, key, DEP, fields.pop("timestamp", at(day)), **fields)
        program().chain().apply(AppendMessage(DEP, message, files))
        return key


@pytest.fixture
def made(our_side: Any) -> Made:
    assert our_side
    return Made()


def test_the_real_files_say_when_what_was_sent(our_side: Any) -> None:
    assert our_side
    extract = ExtractMessage(siteId="RCSB")
    received = datetime(2022, 12, 18, 7, 30)
    last = extract.getLastSentMsgDatetime(DEPOSITION)
    assert extract.getLastReceivedMsgDatetime(DEPOSITION) == received
    assert extract.getLastMsgDatetime(DEPOSITION, "from") == received
    assert last == extract.getLastMsgDatetime(DEPOSITION, to_from="to") == extract.getLastSentMessageDate(DEPOSITION, True)
    assert last is not None
    assert extract.getLastMsgDatetime(DEPOSITION) == max(last, received)
    time, major = extract.getLastValidation(DEPOSITION)
    assert time is not None
    assert isinstance(major, bool)


def test_the_latest_sent_message_counts_and_no_draft(made: Made) -> None:
    made.put(5)
    made.put(3)
    made.put(9, send_status="N")
    made.put(7, FROM_DEPOSITOR)
    made.put(8, timestamp="soon")
    extract = made.extract
    assert extract.getLastSentMsgDatetime(DEP) == when(5)
    assert extract.getLastReceivedMsgDatetime(DEP) == when(7)
    assert extract.getLastSentMessageDate(DEP, msgtodepositor=False) == when(7)
    assert extract.getLastMsgDatetime(DEP) == when(7)
    with pytest.raises(ValueError, match="to_from"):
        extract.getLastMsgDatetime(DEP, "up")


def test_the_last_unlock_is_that_of_the_highest_ordinal_not_of_the_latest_time(made: Made) -> None:
    assert made.extract.getLastUnlocked(DEP) is None
    made.put(9, context_type="system-unlocked")
    made.put(4, message_subject="System Unlocked", send_status="N")
    made.put(20, message_subject="System Unlocked again")
    assert made.extract.getLastUnlocked(DEP) == at(4)
    assert made.extract.getLastUnlockDatetime(DEP) == when(4)


def test_a_release_notice_is_told_by_its_context_else_by_its_subject(made: Made) -> None:
    made.put(2, message_subject="Release of PDB 1ABC")
    assert made.extract.getLastReleaseNoticeDatetime(DEP) == when(2)
    made.put(3, context_type="release-publ")
    made.put(4, message_subject="Release of PDB 1ABC")
    assert made.extract.getLastReleaseNoticeDatetime(DEP) == when(3)
    made.put(5, context_type="release-nopubl")
    assert made.extract.getLastReleaseNoticeDatetime(DEP) == when(5)


def test_automatic_reminders_are_found_in_both_files_and_are_no_manual_ones(made: Made) -> None:
    extract = made.extract
    assert (extract.getLastManualReminderDatetime(DEP), extract.getLastAutoReminderDatetime(DEP)) == (None, None)
    made.put(2, context_type="reminder")
    made.put(3, context_type="reminder", sender="auto")
    assert extract.getLastManualReminderDatetime(DEP) == when(2)  # K17: the one of day 3 was automatic
    assert extract.getLastAutoReminderDatetime(DEP) == when(3)  # K17: it is among the letters
    made.put(5, NOTES, context_type="reminder-auth-to-rel", message_type="archive_auto_noorig")
    assert extract.getLastAutoReminderDatetime(DEP) == when(5)
    made.put(7, context_type="reminder-auth-to-rel", sender="auto")
    assert extract.getLastAutoReminderDatetime(DEP) == when(7)
    assert extract.getLastManualReminderDatetime(DEP) == when(2)


def test_a_reminder_without_context_is_told_by_its_phrase(made: Made) -> None:
    made.put(2, message_subject="REMINDER: Still awaiting feedback for D_1")
    made.put(4, NOTES, message_subject="REMINDER: Still awaiting feedback for D_1")
    assert made.extract.getLastManualReminderDatetime(DEP) == when(2)
    assert made.extract.getLastAutoReminderDatetime(DEP) == when(4)


def test_the_last_validation_letter_says_whether_issues_were_major(made: Made) -> None:
    assert made.extract.getLastValidation(DEP) == (None, None)
    made.put(2, report=True, message_subject=READY, message_text="Some major issues were found")
    made.put(3, report=True, message_subject="Another matter")
    made.put(4, message_subject=READY)
    assert made.extract.getLastValidation(DEP) == (when(2), True)
    made.put(6, context_type="vldtn", context_value="major-issue-in-validation")
    assert made.extract.getLastValidation(DEP) == (when(6), True)
    made.put(5, context_type="maponly-authstatus-em")
    assert made.extract.getLastValidation(DEP) == (when(5), False)


def test_pending_are_the_depositors_messages_without_flags_or_with_action_required(made: Made) -> None:
    keys = [made.put(day, FROM_DEPOSITOR) for day in (1, 2, 3)]
    made.put(4)
    program().chain().apply(Tag(DEP, keys[0], "Y", "N", "N"))
    program().chain().apply(Tag(DEP, keys[1], "Y", "Y", "N"))
    assert [row["message_id"] for row in made.extract.getPendingDepositorMessages(DEP)] == keys[1:]
    assert [row["message_id"] for row in made.extract.getPendingDepositorMessages(DEP, True, "/nowhere")] == keys[1:]
    assert made.extract.getPendingDepositorMessages("D_1000000099") == []
    assert made.extract.getApprovalNoCorrectSubjects() == ["Approval without corrections"]


def test_a_time_is_read_as_the_files_keep_it_and_what_is_none_is_an_error(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in site.environ("cif-only").items():
        monkeypatch.setenv(name, value)
    extract = ExtractMessage()
    assert extract.convertStrToDatetime(at(5)) == extract.convertStrToDatetime(s_datetime=when(5)) == when(5)
    for text in ("2026-01-05", "soon", None):
        with pytest.raises(ValueError, match=str(text)):
            extract.convertStrToDatetime(text)


def test_a_test_folder_is_read_instead_of_the_site(our_side: Any, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    name = f"{DEPOSITION}_messages-to-depositor_P1.cif.V1"
    (folder / name).write_bytes((LEGACY / "archive" / DEPOSITION / name).read_bytes())
    extract = ExtractMessage()
    expected = extract.getLastSentMsgDatetime(DEPOSITION)
    our_side.site.file(DEPOSITION).unlink()
    assert extract.getLastSentMsgDatetime(DEPOSITION, test_folder=str(folder)) == expected
    assert extract.getLastReceivedMsgDatetime(DEPOSITION, test_folder=str(folder)) is None


@pytest.mark.parametrize("folder", ["", "nowhere"])
def test_a_test_folder_with_nothing_in_it_says_nothing_of_the_site(our_side: Any, tmp_path: Path, folder: str) -> None:
    assert our_side
    (tmp_path / "folder").mkdir()
    extract, where = ExtractMessage(), str(tmp_path / "folder" / folder)
    assert extract.getLastSentMsgDatetime(DEPOSITION) is not None
    assert extract.getLastMsgDatetime(DEPOSITION, test_folder=where) is None
    assert extract.getLastUnlocked(DEPOSITION, test_folder=where) is None


def test_a_test_folder_in_the_tree_of_the_site_is_read_as_it_lies_there(our_side: Any) -> None:
    folder = our_side.site.file(DEPOSITION).parent.with_name("trial")
    folder.mkdir()
    assert ExtractMessage().getLastMsgDatetime(DEPOSITION, test_folder=str(folder)) is None


def test_a_file_that_cannot_be_read_is_an_error_and_no_date(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in site.environ("cif-only").items():
        monkeypatch.setenv(name, value)
    site.file(DEP).parent.mkdir()
    site.file(DEP).write_text("data_messages\nloop_\n_x.a\n;never closed\n")
    with pytest.raises(DamagedFile):
        ExtractMessage().getLastSentMsgDatetime(DEP)
