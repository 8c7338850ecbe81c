"""Readers, syncs and edits that another overtakes: none answers or makes what was older, and nothing is dropped silently."""

from typing import Any

import pytest
from support.dual import DEP, QUICK, Dual, away, drafted, dual, first_call, flags, noted
from support.site import DUAL, Site

from service.changes import AppendMessage, EditDraft, MarkRead
from service.errors import CommitUnknown
from service.messages import FileReference, Message
from service.storage.base import Snapshot
from service.vocabulary import TO_DEPOSITOR


@pytest.fixture(params=DUAL)
def both(request: pytest.FixtureRequest, site: Site) -> Dual:
    return drafted(site, request.param)


def peer(both: Dual, profile: str | None = None) -> Dual:
    return dual(both.site, profile or both.services.settings.profile.name, **QUICK)


def edit(message_id: str, **edits: str) -> EditDraft:
    return EditDraft(DEP, TO_DEPOSITOR, message_id, "2026-02-02 02:02:02", edits)


def test_the_references_of_a_message_outlive_an_old_copy_and_an_edit_that_comes_first(
    both: Dual, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, third, old = peer(both), peer(both), both.old_copy()
    message = Message(TO_DEPOSITOR, None, "m2", DEP, "2026-01-02 03:04:05", send_status="N")
    reference = FileReference(None, "m2", DEP, "model", "pdbx", "1", "1", "archive")

    def meanwhile() -> None:
        with away(other):
            other.chain.apply(edit("m2", message_text="edited"))
        both.put_back(old)
        assert third.read() == ["m1", "m2"]

    first_call(both.services.stores.database, "record", monkeypatch, meanwhile)
    both.chain.apply(AppendMessage(DEP, message, (reference,)))
    found = both.chain.read(DEP).correspondence
    assert [(m.message_id, m.message_text) for m in found.messages] == [("m1", "draft"), ("m2", "edited")]
    assert [f.content_type for f in found.references("m2")] == ["model"]
    assert both.is_equal()


def test_an_edit_of_a_message_that_reaches_the_database_late_is_no_conflict(
    both: Dual, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = peer(both)

    def meanwhile() -> None:
        assert other.read() == ["m1", "m2"]
        other.chain.apply(edit("m2", message_text="edited"))

    first_call(both.services.stores.database, "record", monkeypatch, meanwhile)
    both.append("m2", "draft", send_status="N")
    assert both.is_equal()
    assert noted(both.site) == []


def test_an_edit_that_an_old_copy_hid_from_a_later_one_is_in_the_conflict_log(
    both: Dual, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, old = peer(both), both.old_copy()

    def before() -> None:
        both.chain.apply(edit("m1", message_text="first"))
        both.put_back(old)

    with away(both, other):
        first_call(other.services.stores.cif, "write", monkeypatch, before)
        other.chain.apply(edit("m1", message_subject="second"))
    found = both.chain.read(DEP).correspondence.message("m1")
    assert found is not None
    assert (found.message_text, found.message_subject) == ("draft", "second")
    assert [entry["lost"]["message_text"] for entry in noted(both.site)] == ["first"]


@pytest.mark.parametrize("profile", [None, "cif-only"], ids=["dual", "cif-only"])
def test_an_answer_from_files_has_what_a_sync_brings_in_while_it_is_read(
    both: Dual, monkeypatch: pytest.MonkeyPatch, profile: str | None
) -> None:
    other, reader, old = peer(both), peer(both, profile), both.old_copy()
    with away(both, reader):
        both.append("m2", has_new_id=True)
        both.put_back(old)
        cif = reader.services.stores.cif
        read = cif.read

        def late(key: str) -> Any:
            found = read(key)
            other.read()
            return found

        monkeypatch.setattr(cif, "read", late)
        assert reader.read() == ["m1", "m2"]


def test_a_sync_that_another_overtakes_takes_no_old_copy_for_new(both: Dual, monkeypatch: pytest.MonkeyPatch) -> None:
    other, old, stores = peer(both), both.old_copy(), both.services.stores
    record, snapshot = stores.database.record, stores.cif.snapshot

    def lost(*given: Any) -> None:
        record(*given)
        raise CommitUnknown("the answer never comes")

    def late(key: str) -> Snapshot:
        monkeypatch.setattr(stores.cif, "snapshot", snapshot)
        found = snapshot(key)
        assert flags(other) == ("Y", "Y", "N")
        return found

    with monkeypatch.context() as patch:
        patch.setattr(stores.database, "record", lost)
        both.chain.apply(MarkRead(DEP, "m1"))
    both.put_back(old)
    monkeypatch.setattr(stores.cif, "snapshot", late)
    assert flags(both) == ("Y", "Y", "N")
    assert flags(both) == ("Y", "Y", "N")
    assert [(c["kept"]["read_status"], c["lost"]["read_status"]) for c in noted(both.site)] == [("Y", "N")]
