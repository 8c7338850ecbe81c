"""The store contract: what every store and every profile's chain does with each change, on both servers."""

from dataclasses import replace
from typing import Any

import pytest
from support.contract import append, message

from service.changes import AppendMessage, EditDraft, MarkRead, Tag
from service.errors import Conflict, NotFound
from service.messages import FileReference, OriginalCommunication, Status
from service.storage.base import Store
from service.vocabulary import CONTENT_TYPES, FROM_DEPOSITOR, NOTES, TO_DEPOSITOR


def file_of(dep: str, message_id: str, version: str) -> FileReference:
    return FileReference(None, message_id, dep, "model-annotate", "pdbx", "1", version, "archive", "model's file.cif")


def original_of(dep: str, message_id: str) -> OriginalCommunication:
    return OriginalCommunication(None, message_id, dep, None, "None", "Mon, 5 Jan 2026", "a@b.org", "c@d.org", "Re: x", None)


def test_a_message_is_given_back_with_its_files_and_its_original_communication(store: Store, dep: str) -> None:
    sent = message(dep, "m", message_type="archive_manual", message_text="a\nb", parent_message_id="in no file")
    files = (file_of(dep, "m", "1"), file_of(dep, "m", "2"), file_of(dep, "m", "2"))
    outcome = store.apply(AppendMessage(dep, sent, files, (original_of(dep, "m"),)))
    found = store.read(dep).correspondence
    assert found.messages == (replace(sent, ordinal_id="1"),)
    assert found.references("m") == tuple(replace(f, ordinal_id=str(n)) for n, f in enumerate(files, 1))
    assert found.originals("m") == (replace(original_of(dep, "m"), ordinal_id="1"),)
    assert found.status("m") is None
    assert outcome.delta.append == found.messages[0]
    assert set(outcome.stores.values()) == {"written"}


def test_ordinals_go_on_per_file_and_per_category(store: Store, dep: str) -> None:
    for n, content_type in enumerate((*CONTENT_TYPES, TO_DEPOSITOR, NOTES)):
        row = message(dep, f"m{n}", content_type=content_type)
        store.apply(AppendMessage(dep, row, (file_of(dep, f"m{n}", "1"), file_of(dep, f"m{n}", "2"))))
    found = store.read(dep).correspondence
    numbers = {c: [m.ordinal_id for m in found.section(c).messages] for c in CONTENT_TYPES}
    assert numbers == {TO_DEPOSITOR: ["1", "2"], FROM_DEPOSITOR: ["1"], NOTES: ["1", "2"]}
    assert [f.ordinal_id for f in found.section(TO_DEPOSITOR).files] == ["1", "2", "3", "4"]
    assert [f.ordinal_id for f in found.section(FROM_DEPOSITOR).files] == ["1", "2"]


def test_an_identical_repeat_puts_nothing_and_says_so(store: Store, dep: str) -> None:
    sent = message(dep, "m", message_text="Å")
    files, originals = (file_of(dep, "m", "1"),), (original_of(dep, "m"),)
    first = store.apply(AppendMessage(dep, sent, files, originals))
    before = store.read(dep).correspondence
    again = store.apply(AppendMessage(dep, replace(sent, timestamp="2026-09-09 09:09:09"), files, originals))
    assert (first.delta.repeated, again.delta.repeated) == (False, True)
    assert (again.delta.append, again.delta.files) == (first.delta.append, first.delta.files)
    assert store.read(dep).correspondence == before


@pytest.mark.parametrize("change", ["text", "file", "original", "kind"])
def test_a_repeat_with_other_content_is_a_conflict_and_changes_nothing(store: Store, dep: str, change: str) -> None:
    sent, files = message(dep, "m", message_text="one"), (file_of(dep, "m", "1"),)
    store.apply(AppendMessage(dep, sent, files))
    before = store.read(dep).correspondence
    other = {
        "text": AppendMessage(dep, replace(sent, message_text="two"), files),
        "file": AppendMessage(dep, sent, (file_of(dep, "m", "2"),)),
        "original": AppendMessage(dep, sent, files, (original_of(dep, "m"),)),
        "kind": AppendMessage(dep, replace(sent, content_type=NOTES), files),
    }[change]
    with pytest.raises(Conflict):
        store.apply(other)
    assert store.read(dep).correspondence == before


def test_editing_a_draft_changes_four_fields_and_no_others(store: Store, dep: str) -> None:
    draft = message(dep, "m", send_status="N", sender="Ann", context_type="c", message_subject="old", message_text="old")
    store.apply(AppendMessage(dep, draft, (file_of(dep, "m", "1"),)))
    append(store, dep, "other")
    edits = {"message_subject": "new", "message_text": None, "send_status": "Y", "sender": "Mallory", "context_type": "x"}
    store.apply(EditDraft(dep, TO_DEPOSITOR, "m", "2026-05-05 05:05:05", edits))
    found = store.read(dep).correspondence
    new: dict[str, Any] = {
        "message_subject": "new",
        "message_text": None,
        "send_status": "Y",
        "timestamp": "2026-05-05 05:05:05",
    }
    assert found.messages[0] == replace(draft, ordinal_id="1", **new)
    assert found.messages[1] == message(dep, "other", ordinal_id="2")
    assert len(found.references("m")) == 1


@pytest.mark.parametrize(("message_id", "error"), [("sent", Conflict), ("unknown", NotFound)])
def test_a_sent_or_unknown_message_cannot_be_edited(store: Store, dep: str, message_id: str, error: type[Exception]) -> None:
    append(store, dep, "sent")
    before = store.read(dep).correspondence
    with pytest.raises(error):
        store.apply(EditDraft(dep, TO_DEPOSITOR, message_id, "2026-05-05 05:05:05", {"message_text": "new"}))
    assert store.read(dep).correspondence == before


@pytest.mark.parametrize(
    ("read", "given", "row"),
    [
        ((FROM_DEPOSITOR, "Hello"), {}, ("Y", "Y", "N")),
        ((FROM_DEPOSITOR, "Hello"), {"action_reqd": "N", "for_release": "Y"}, ("Y", "N", "Y")),
        ((FROM_DEPOSITOR, "Release request"), {"for_release": "N"}, ("Y", "Y", "Y")),
        ((TO_DEPOSITOR, "Release request"), {}, ("Y", "Y", "N")),
        ((NOTES, None), {"action_reqd": "N"}, ("Y", "N", "N")),
    ],
)
def test_the_first_mark_read_makes_the_row_of_the_reference(
    store: Store, dep: str, read: tuple[str, str | None], given: dict[str, str], row: tuple[str, str, str]
) -> None:
    append(store, dep, "m", content_type=read[0], message_subject=read[1])
    store.apply(MarkRead(dep, "m", **given))
    assert store.read(dep).correspondence.statuses == (Status("m", dep, *row),)


def test_marking_read_again_keeps_the_other_flags(store: Store, dep: str) -> None:
    append(store, dep, "m", content_type=FROM_DEPOSITOR, message_subject="Release request")
    store.apply(Tag(dep, "m", "N", "N", "N"))
    store.apply(MarkRead(dep, "m", action_reqd="Y", for_release="Y"))
    assert store.read(dep).correspondence.status("m") == Status("m", dep, "Y", "N", "N")
    assert store.apply(MarkRead(dep, "m", action_reqd="Y")).delta.repeated
    assert store.read(dep).correspondence.status("m") == Status("m", dep, "Y", "N", "N")


@pytest.mark.parametrize(("old", "new", "kept"), [("Y", "N", "N"), ("N", "Y", "N"), ("N", "N", "N"), ("Y", "Y", "Y")])
def test_tagging_takes_read_from_y_to_n_and_never_from_n_to_y(store: Store, dep: str, old: str, new: str, kept: str) -> None:
    append(store, dep, "m", content_type=FROM_DEPOSITOR)
    store.apply(Tag(dep, "m", old, "Y", "N"))
    outcome = store.apply(Tag(dep, "m", new, "N", "Y"))
    assert outcome.delta.status == store.read(dep).correspondence.status("m") == Status("m", dep, kept, "N", "Y")


def test_statuses_of_messages_of_all_three_files_stand_together(store: Store, dep: str) -> None:
    for content_type in CONTENT_TYPES:
        append(store, dep, f"of {content_type}", content_type=content_type)
        store.apply(Tag(dep, f"of {content_type}", "Y", None, "N"))
    found = store.read(dep).correspondence
    assert found.statuses == tuple(Status(f"of {c}", dep, "Y", None, "N") for c in CONTENT_TYPES)


@pytest.mark.parametrize("change", [MarkRead, Tag])
def test_an_unknown_message_takes_no_status(store: Store, dep: str, change: type[MarkRead | Tag]) -> None:
    append(store, dep, "m")
    with pytest.raises(NotFound):
        store.apply(change(dep, "unknown"))
    assert store.read(dep).correspondence.statuses == ()
