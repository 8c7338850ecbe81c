"""Amending a row, in every store and chain: only what was changed, if nobody else did; with references to the message."""

from dataclasses import replace

import pytest
from support.contract import append, message

from service.changes import Amend, AppendMessage, MarkRead, Tag
from service.errors import Conflict, NotFound
from service.messages import FileReference, OriginalCommunication, Status
from service.storage.base import Store

OLD = Status("m", None, "N", "Y", "N")


def file_of(dep: str, name: str) -> FileReference:
    return FileReference(None, "m", dep, name, "pdbx", "1", "1", "archive")


def test_a_draft_is_sent_with_its_files_at_once_and_again_without_change(store: Store, dep: str) -> None:
    draft = message(dep, "m", send_status="N", message_text="one")
    store.apply(AppendMessage(dep, draft, (file_of(dep, "model"),)))
    append(store, dep, "other")
    seen = store.read(dep).correspondence.messages[0]
    sent = replace(seen, send_status="Y", message_text="two")
    original = OriginalCommunication(None, "m", dep, orig_sender="me@example.org")
    change = Amend(dep, sent, seen, (file_of(dep, "map"), file_of(dep, "model")), (original,))
    assert store.apply(change).delta
    found = store.read(dep).correspondence
    assert found.messages == (sent, message(dep, "other", ordinal_id="2"))
    assert [(f.ordinal_id, f.content_type) for f in found.references("m")] == [("1", "model"), ("2", "map")]
    assert [o.ordinal_id for o in found.originals("m")] == ["1"]
    assert not store.apply(change).delta
    assert store.read(dep).correspondence == found


def test_what_somebody_else_changed_meanwhile_is_kept_or_a_conflict(store: Store, dep: str) -> None:
    append(store, dep, "m", send_status="N", message_text="one")
    seen = store.read(dep).correspondence.messages[0]
    store.apply(Amend(dep, replace(seen, message_subject="theirs"), seen))
    store.apply(Amend(dep, replace(seen, message_text="ours"), seen))
    found = store.read(dep).correspondence
    assert (found.messages[0].message_subject, found.messages[0].message_text) == ("theirs", "ours")
    with pytest.raises(Conflict, match="message_subject"):
        store.apply(Amend(dep, replace(seen, message_subject="mine"), seen))
    assert store.read(dep).correspondence == found


def test_flags_of_two_writers_do_not_overwrite_each_other(store: Store, dep: str) -> None:
    append(store, dep, "m")
    new = replace(OLD, deposition_data_set_id=dep)
    store.apply(Amend(dep, new))
    store.apply(MarkRead(dep, "m"))
    store.apply(Amend(dep, replace(new, for_release="Y"), new))
    assert store.read(dep).correspondence.status("m") == replace(new, read_status="Y", for_release="Y")
    store.apply(Tag(dep, "m", "Y", "N", "N"))
    with pytest.raises(Conflict):
        store.apply(Amend(dep, replace(new, action_reqd="?"), new))
    with pytest.raises(Conflict):
        store.apply(Amend(dep, new))


def test_a_message_that_is_not_there_is_not_amended(store: Store, dep: str) -> None:
    append(store, dep, "m")
    before = store.read(dep).correspondence
    with pytest.raises(NotFound):
        store.apply(Amend(dep, message(dep, "unknown"), before.messages[0]))
    assert store.read(dep).correspondence == before


def test_of_equal_references_there_are_as_many_as_the_message_shall_have(store: Store, dep: str) -> None:
    original = OriginalCommunication(None, "m", dep, orig_sender="me@example.org")
    store.apply(AppendMessage(dep, message(dep, "m"), (file_of(dep, "map"),) * 2, (original,) * 2))
    append(store, dep, "other", content_type="notes-from-annotator")
    stored = store.read(dep).correspondence.messages[0]
    change = Amend(dep, stored, stored, (file_of(dep, "map"),) * 3, (original,) * 3)
    for _ in range(2):
        store.apply(change)
        found = store.read(dep).correspondence
        assert [(f.ordinal_id, f.content_type) for f in found.references("m")] == [("1", "map"), ("2", "map"), ("3", "map")]
        assert [(o.ordinal_id, o.orig_sender) for o in found.originals("m")] == [
            (n, "me@example.org") for n in ("1", "2", "3")
        ]
