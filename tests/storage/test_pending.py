"""Changes that wait for the database and marks of files that are behind: durable, in order, and taken back as they were."""

import os
from pathlib import Path

import pytest
from support.power import recorded

from service.deltas import Delta
from service.errors import FileUnavailable, MessagingError
from service.messages import Correspondence, FileReference, Message, OriginalCommunication, Status
from service.storage.markers import Markers
from service.storage.pending import Pending
from service.sync.kept import Kept
from service.vocabulary import NOTES, TO_DEPOSITOR

DEP = "D_1000000001"


def message(message_id: str, text: str | None = None) -> Message:
    return Message(TO_DEPOSITOR, "1", message_id, DEP, "2026-01-02 03:04:05", message_text=text)


def deltas() -> list[Delta]:
    reference = FileReference("1", "m", DEP, "model", "pdbx", "1", "2", "archive", "Å.cif")
    original = OriginalCommunication("1", "m", DEP, orig_sender="a@b.org")
    return [
        Delta(TO_DEPOSITOR, append=message("m", "\U0001f9ec\n ; ?  "), files=(reference, reference), originals=(original,)),
        Delta(TO_DEPOSITOR, replace=message("m", "edited"), before=message("m", "\U0001f9ec\n ; ?  ")),
        Delta(TO_DEPOSITOR, status=Status("m", DEP, "Y", None, "")),
        Delta(NOTES, append=Message(NOTES, "1", "n", DEP, None)),
    ]


def test_kept_changes_come_back_as_they_were_and_in_their_order(tmp_path: Path) -> None:
    for n, delta in reversed(list(enumerate(deltas()))):  # by when their files were written
        Pending(tmp_path).keep(DEP, delta, n)
    again = Pending(tmp_path)
    assert list(again.of(DEP).values()) == deltas()
    assert again.depositions() == (DEP,)
    assert again.of("D_1000000002") == {}


def test_only_what_was_brought_in_is_forgotten_and_twice_does_no_harm(tmp_path: Path) -> None:
    pending = Pending(tmp_path)
    first, second, *_ = deltas()
    pending.keep(DEP, first, 1)
    seen = pending.of(DEP)
    pending.keep(DEP, second, 2)
    pending.forget(seen)
    pending.forget(seen)
    assert list(pending.of(DEP).values()) == [second]
    pending.forget(pending.of(DEP))
    assert pending.depositions() == ()


def test_what_only_the_files_lack_is_kept_on_and_waits_no_more(tmp_path: Path) -> None:
    pending = Pending(tmp_path)
    first, second, *_ = deltas()
    pending.keep(DEP, first, 1)
    waiting = pending.of(DEP)
    pending.keep(DEP, second, 2)
    for _ in range(2):  # another process may have been quicker
        pending.keep_on(waiting)
    assert (list(pending.of(DEP).values()), list(pending.brought(DEP).values())) == ([second], [first])
    pending.forget(pending.of(DEP))
    assert (pending.depositions(), list(pending.since())) == ((DEP,), [])
    pending.forget(pending.brought(DEP))
    assert pending.depositions() == ()


def test_a_half_written_copy_is_no_change(tmp_path: Path) -> None:
    Pending(tmp_path).keep(DEP, deltas()[0], 1)
    (tmp_path / "pending" / DEP / ".x.json.123.tmp").write_text('{"content')
    assert list(Pending(tmp_path).of(DEP).values()) == deltas()[:1]


def test_what_cannot_be_kept_is_an_error_and_no_acknowledgement(tmp_path: Path) -> None:
    (tmp_path / "pending").write_text("not a directory")
    with pytest.raises(FileUnavailable, match="pending"):
        Pending(tmp_path).keep(DEP, deltas()[0], 1)


@pytest.mark.parametrize("what", ["change", "mark"])
def test_every_directory_on_the_way_to_what_is_kept_reaches_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    synced: set[int] = set()
    fsync = os.fsync

    def noting(descriptor: int) -> None:
        synced.add(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    if what == "change":
        Pending(tmp_path).keep(DEP, deltas()[0], 1)
    else:
        Markers(tmp_path).set(DEP)
    found = [p for p in tmp_path.rglob("*") if p.is_dir()]
    missing = [p.name or "state_dir" for p in (tmp_path, *found) if p.stat().st_ino not in synced]
    assert missing == []


def test_changes_are_laid_over_what_a_file_holds_and_none_twice() -> None:
    empty = Correspondence(DEP)
    kept = Kept(dict(zip(map(Path, "abcdef"), deltas(), strict=False)))
    once = kept.over(empty)
    assert [m.message_text for m in once.section(TO_DEPOSITOR).messages] == ["edited"]
    assert len(once.references("m")) == 2
    assert once.statuses == (Status("m", DEP, "Y", None, ""),)
    assert kept.over(once) == once
    assert kept.beside(once) == once


def test_an_earlier_change_does_not_undo_the_last_one_of_a_row() -> None:
    unread, read = Status("m", DEP, "N", "Y", "Y"), Status("m", DEP, "Y", "Y", "Y")
    found_unread = Delta(TO_DEPOSITOR, status=read, before=unread)
    found_none = Delta(TO_DEPOSITOR, status=unread)  # an old copy had taken the status away meanwhile
    kept, empty = Kept({Path("a"): found_unread, Path("b"): found_none}), Correspondence(DEP)
    once = kept.over(empty)
    assert once.statuses == (unread,)
    assert kept.over(once) == once
    assert kept.beside(once) == once


def test_a_mark_is_there_for_another_process_until_it_is_cleared(tmp_path: Path) -> None:
    Markers(tmp_path).set(DEP)
    assert Markers(tmp_path).has(DEP)
    assert Markers(tmp_path).depositions() == (DEP,)
    Markers(tmp_path).clear(DEP, Markers(tmp_path).seen(DEP))
    assert not Markers(tmp_path).has(DEP)
    assert Markers(tmp_path).depositions() == ()


def test_a_mark_set_again_since_it_was_seen_stays(tmp_path: Path) -> None:
    markers = Markers(tmp_path)
    markers.set(DEP)
    seen = markers.seen(DEP)
    markers.set(DEP)
    markers.clear(DEP, seen)
    assert markers.has(DEP)
    markers.clear(DEP, None)
    assert markers.has(DEP)


@pytest.mark.parametrize("folder", ["ahead", "pending", "cif-behind"])
def test_a_folder_that_cannot_be_listed_is_named(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).write_text("no folder")
    kept = Markers(tmp_path) if folder == "cif-behind" else Pending(tmp_path)
    with pytest.raises(FileUnavailable, match=folder):
        kept.has(DEP)


def test_what_is_forgotten_is_gone_for_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pending = Pending(tmp_path)
    pending.keep(DEP, deltas()[0], 1)
    synced: list[list[str]] = []

    def noting(descriptor: int) -> None:
        synced.append(os.listdir(f"/proc/self/fd/{descriptor}"))

    monkeypatch.setattr(os, "fsync", noting)
    pending.forget(pending.of(DEP))
    assert synced == [[]]  # the folder, when the copy was out of it


def test_a_kept_change_that_cannot_be_read_is_an_error_that_names_it(tmp_path: Path) -> None:
    Pending(tmp_path).keep(DEP, deltas()[0], 1)
    (kept,) = (tmp_path / "pending" / DEP).iterdir()
    kept.write_bytes(kept.read_bytes()[:20])
    with pytest.raises(MessagingError, match=kept.name):
        Pending(tmp_path).of(DEP)


def test_a_copy_that_is_made_to_last_is_on_the_disk_before_it_is_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pending = Pending(tmp_path)
    with pending.kept(DEP, deltas()[0]) as copy:
        pass
    steps = recorded(monkeypatch)

    assert pending.secure(copy) is not None

    of_copy = [step for step in steps if step[1] in {copy.name, DEP}]
    assert of_copy == [("sync", copy.name), ("rename", copy.name), ("sync", DEP)]


def test_a_copy_that_is_kept_on_for_its_file_has_its_new_name_for_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pending = Pending(tmp_path)
    copy = pending.keep(DEP, deltas()[0], 1)
    steps = recorded(monkeypatch)

    pending.keep_on([copy])

    assert steps == [("rename", copy.name), ("sync", DEP)]


def test_what_is_kept_for_a_deposition_is_not_that_of_one_whose_id_begins_with_its_own(tmp_path: Path) -> None:
    pending = Pending(tmp_path)
    with pending.kept(DEP, deltas()[0]):
        assert pending.has(DEP)
        assert not pending.has(DEP[:-2])
