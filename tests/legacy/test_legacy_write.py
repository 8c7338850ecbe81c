"""What the legacy class writes, read back by upstream's from the files and by ours from every store of the profile."""

from pathlib import Path
from typing import Any

import pytest
from mmcif_utils.persist.LockFile import LockFile as UpstreamLockFile
from mmcif_utils.persist.LockFile import LockFileTimeoutException as UpstreamTimeout
from support import legacy
from support.site import DEPOSITION

from service.errors import Conflict, FileUnavailable, InvalidInput, NotFound
from service.legacy import LockFile, LockFileTimeoutException, PdbxMessageInfo, PdbxMessageStatus
from service.messages import CATEGORIES
from settings.profiles import PROFILE_NAMES

INFO, FILES, ORIGINALS, STATUS = CATEGORIES
FROM = "messages-from-depositor"
DRAFT_FIELDS = {
    "send_status": "Y",
    "message_subject": "sent",
    "message_text": "a &#197;",
    "timestamp": "2026-01-01 00:00:00",
}


def message(message_id: str, **more: Any) -> dict[str, Any]:
    info = PdbxMessageInfo(verbose=False)
    return info.set({"message_id": message_id, "deposition_data_set_id": DEPOSITION, "message_text": "text"} | more)


def draft(side: Any, message_id: str = "draft") -> None:
    made = side.read()
    made.newBlock("messages")
    assert made.appendMessage(message(message_id, send_status="N", ordinal_id=made.nextMessageOrdinal()))
    assert made.write(side.path())


def test_a_message_with_its_references_is_read_back(side: Any) -> None:
    made = side.read()
    made.newBlock("messages")
    number = made.nextMessageOrdinal()
    assert made.appendMessage(message("m", ordinal_id=number, sender="caf&#233;", message_text="a\n b"))
    for n in range(2):
        row = {"ordinal_id": made.nextFileReferenceOrdinal(), "message_id": "m", "deposition_data_set_id": DEPOSITION}
        assert made.appendFileReference(row | {"content_type": "model", "content_format": "pdbx", "version_id": n})
    assert made.appendOrigCommReference({"ordinal_id": 1, "message_id": "m", "orig_sender": "a@b.org"})
    assert made.write(side.path())
    again = side.read()
    row = again.getMessageInfo()[-1]
    assert (row["ordinal_id"], row["sender"], row["message_text"]) == ("7", "caf&#233;", "a\n b")
    assert (row["context_type"], row["parent_message_id"]) == (
        "?",
        row["message_id"] if not side.is_upstream else row["parent_message_id"],
    )
    assert [r["ordinal_id"] for r in again.getFileReferenceInfo()[-2:]] == ["38", "39"]
    assert again.getOrigCommReferenceInfo()[0]["orig_sender"] == "a@b.org"
    assert len(again.getMsgStatusInfo()) == 6


def test_a_draft_is_sent_by_its_position_and_a_flag_set_by_its(side: Any) -> None:
    draft(side)
    made = side.read()
    position = [row["message_id"] for row in made.getMessageInfo()].index("draft")
    for name, value in DRAFT_FIELDS.items():
        assert made.update(INFO, name, value, position)
    assert made.update(STATUS, "action_reqd", "N", 0)
    status = PdbxMessageStatus(verbose=False)
    status.set({"message_id": "draft", "deposition_data_set_id": DEPOSITION})
    status.setReadStatus("Y")
    assert made.appendMsgReadStatus(status.get())
    assert made.write(side.path())
    again = side.read()
    assert {n: again.getMessageInfo()[position][n] for n in DRAFT_FIELDS} == DRAFT_FIELDS
    flags = again.getMsgStatusInfo()
    assert [flags[0][n] for n in ("read_status", "action_reqd", "for_release")] == ["Y", "N", "N"]
    assert [flags[-1][n] for n in ("message_id", "read_status", "action_reqd")] == ["draft", "Y", "?"]


def test_every_store_of_the_profile_holds_what_was_written(our_side: Any) -> None:
    draft(our_side)
    made = our_side.read()
    position = len(made.getMessageInfo()) - 1
    assert made.update(INFO, "send_status", "Y", position)
    assert made.appendFileReference({"message_id": "draft", "content_type": "model"})
    assert made.write(our_side.path())
    held = our_side.stored()
    assert made.stores == dict.fromkeys(held, "written")
    for name, found in held.items():
        sent = found.message("draft")
        assert sent is not None, name
        assert (sent.send_status, len(found.references("draft"))) == ("Y", 1), name
    if "cif" in held:
        assert legacy.rows(our_side.site.file(DEPOSITION))[-1]["send_status"] == "Y"
    assert made.write(our_side.path())
    assert our_side.stored() == held


def test_what_others_wrote_since_the_read_stays(side: Any) -> None:
    first, second = side.read(), side.read()
    assert first.appendMessage(message("first", ordinal_id=first.nextMessageOrdinal()))
    assert second.appendMessage(message("second", ordinal_id=second.nextMessageOrdinal()))
    assert first.write(side.path())
    assert second.write(side.path())
    rows = side.read().getMessageInfo()[6:]
    if side.is_upstream:  # K4: the later one erased the earlier one
        assert [r["message_id"] for r in rows] == ["second"]
    else:
        assert [(r["message_id"], r["ordinal_id"]) for r in rows] == [("first", "7"), ("second", "8")]


def test_a_value_that_both_changed_is_a_conflict_and_other_values_are_not(our_side: Any) -> None:
    draft(our_side)
    first, second = our_side.read(), our_side.read()
    assert first.update(INFO, "message_text", "theirs", 6)
    assert second.update(INFO, "message_subject", "ours", 6)
    assert first.write(our_side.path())
    assert second.write(our_side.path())
    third = our_side.read()
    row = third.getMessageInfo()[6]
    assert (row["message_text"], row["message_subject"]) == ("theirs", "ours")
    assert second.update(INFO, "message_text", "mine", 6)
    with pytest.raises(Conflict, match="message_text"):
        second.write(our_side.path())
    assert our_side.read().getMessageInfo()[6] == row


def test_a_write_that_cannot_be_made_is_no_success(our_side: Any) -> None:
    made = our_side.read()
    made.newBlock("messages")
    made.appendFileReference({"message_id": "nobody's", "content_type": "model"})
    with pytest.raises(NotFound, match="nobody's"):
        made.write(our_side.path())
    made = our_side.read()
    made.appendMessage({"message_id": "m", "message_text": "\x07"})
    with pytest.raises(InvalidInput, match=r"U\+0007"):
        made.write(our_side.path())
    made = our_side.read()
    made.appendMessage({"message_text": "nobody's"})
    with pytest.raises(InvalidInput, match="message_id"):
        made.write(our_side.path())


def test_nothing_is_not_reported_as_written(side: Any) -> None:
    path = side.site.file("D_1000000009")
    path.parent.mkdir()
    nothing_read, no_row = side.make(), side.make()
    assert not nothing_read.read(str(path))
    no_row.newBlock("messages")
    assert not no_row.appendMessage({"message_id": "m", "colour": "red"}) or side.is_upstream
    for made in (side.make(), nothing_read, no_row):
        assert made.write(str(path)) is side.is_upstream  # K1
        assert side.is_upstream or not path.exists()
    read = side.read()
    assert read.write(side.path())  # all that it holds is stored


def test_a_path_that_programs_make_up_is_a_file_of_the_site(our_side: Any) -> None:
    made_up = f"/dummy/messaging/{DEPOSITION}/{DEPOSITION}_{FROM}_P1.cif.V1"
    with LockFile(made_up), our_side.make() as made:
        assert made.read(made_up)
        assert [row["deposition_data_set_id"] for row in made.getMessageInfo()] == [DEPOSITION]
    assert our_side.make().read(made_up, deposition_id="d_9000277853")


def test_a_file_elsewhere_is_that_file_whatever_the_profile(our_side: Any, tmp_path: Path) -> None:
    before = our_side.stored()
    copy = tmp_path / "copy" / Path(our_side.path()).name
    copy.parent.mkdir()
    made = our_side.read()
    made.appendMessage(message("new"))
    assert made.write(str(copy))
    rows = legacy.rows(copy)
    assert [r["message_id"] for r in rows[-1:]] == ["new"]
    assert (len(rows), len(legacy.rows(copy, FILES)), len(legacy.rows(copy, STATUS))) == (7, 37, 6)
    again = our_side.make()
    assert again.read(str(copy))
    assert again.update(STATUS, "for_release", "Y", 0)
    assert again.write(str(copy))
    assert legacy.rows(copy, STATUS)[0]["for_release"] == "Y"
    assert our_side.stored() == before


def test_what_is_written_within_our_lock_goes_on_under_it(our_side: Any) -> None:
    path = our_side.path()
    with LockFile(path, timeoutSeconds=5):
        made = our_side.read()
        made.appendMessage(message("m"))
        assert made.write(path)
        with pytest.raises(UpstreamTimeout), UpstreamLockFile(path, timeoutSeconds=0.1):
            pytest.fail("upstream's lock got in")
    assert not Path(f"{path}.lock").exists()


def test_a_lock_of_another_program_is_waited_for_and_named(our_side: Any) -> None:
    path = our_side.path()
    with UpstreamLockFile(path):
        with pytest.raises(LockFileTimeoutException, match=r"\.lock"), LockFile(path, timeoutSeconds=0.05):
            pytest.fail("ours got in")
        made = our_side.read()
        made.appendMessage(message("m"))
        if our_side.name in PROFILE_NAMES[:2]:
            with pytest.raises(FileUnavailable):
                made.write(path)
        else:
            assert made.write(path)
    with LockFile(path):
        assert Path(f"{path}.lock").exists()
