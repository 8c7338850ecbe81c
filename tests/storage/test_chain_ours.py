"""What this module wrote is never told to be another program's: a move to `db-only` would wait for days."""

import pytest
from support import legacy
from support.dual import DEP, QUICK, Dual, away, drafted, dual, first_call, is_sighted, logged_conflicts, noted
from support.site import DUAL, Site

from service.changes import Amend, AppendMessage, MarkRead
from service.messages import FileReference, Message
from service.storage.cif.lock import lock_of
from service.sync.sightings import ForeignWrites
from service.vocabulary import CONTENT_TYPES


@pytest.fixture(params=DUAL)
def both(request: pytest.FixtureRequest, site: Site) -> Dual:
    return drafted(site, request.param)


def peer(both: Dual) -> Dual:
    return dual(both.site, both.services.settings.profile.name, **QUICK)


def test_a_file_that_a_sync_has_just_written_is_ours(both: Dual, monkeypatch: pytest.MonkeyPatch) -> None:
    other = peer(both)
    dual(both.site, "db-only", **QUICK).append("m2")

    def meanwhile() -> None:
        assert other.read() == ["m1", "m2"]
        assert not is_sighted(both)

    first_call(both.services.stores.database, "bring", monkeypatch, meanwhile)
    assert both.read() == ["m1", "m2"]
    assert both.is_equal()


def test_a_file_that_two_syncs_bring_up_at_once_is_ours(both: Dual, monkeypatch: pytest.MonkeyPatch) -> None:
    dual(both.site, "db-only", **QUICK).append("m2")
    first_call(both.services.stores.database, "bring", monkeypatch, peer(both).read)
    assert both.read() == ["m1", "m2"]
    assert both.is_equal()
    assert not is_sighted(both)


def test_a_file_that_was_written_in_an_outage_is_ours(both: Dual) -> None:
    with away(both):
        both.append("m2")
    assert both.read() == ["m1", "m2"]
    assert not is_sighted(both)


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
def test_what_another_program_wrote_in_an_outage_beside_ours_is_told(both: Dual, content_type: str) -> None:
    both.chain.apply(AppendMessage(DEP, Message(content_type, None, "first", DEP, "2026-01-02 03:04:05", message_text="t")))
    with away(both):
        both.append("m2")
        legacy.append(both.site.file(DEP, content_type), message_id="theirs", message_subject="s", message_text="t")
    both.read()
    assert both.is_equal()
    assert is_sighted(both)


def test_edits_and_references_of_ours_that_wait_are_ours(both: Dual) -> None:
    with away(both):
        both.chain.apply(MarkRead(DEP, "m1"))
        message = both.in_files().messages[0]
        reference = FileReference(None, "m1", DEP, "model", "pdbx", "1", "1", "archive", "model.cif")
        both.chain.apply(Amend(DEP, message, message, (reference,)))
    both.read()
    assert both.is_equal()
    assert not is_sighted(both)


def test_a_file_that_a_writer_is_about_to_record_is_ours(both: Dual, monkeypatch: pytest.MonkeyPatch) -> None:
    first_call(both.services.stores.database, "record", monkeypatch, peer(both).read)
    both.append("m2")
    assert both.is_equal()
    assert not is_sighted(both)


def test_a_file_that_a_writer_recorded_during_a_sync_is_ours(both: Dual, monkeypatch: pytest.MonkeyPatch) -> None:
    other = peer(both)
    dual(both.site, "db-only", **QUICK).append("m2")

    def meanwhile() -> None:
        other.append("m3")
        assert not is_sighted(both)

    first_call(both.services.stores.database, "bring", monkeypatch, meanwhile)
    both.read()
    both.read()
    assert both.is_equal()
    assert not is_sighted(both)


def test_an_import_of_an_archive_is_no_writing_of_another_program(legacy_site: Site) -> None:
    legacy_site.import_all()
    assert ForeignWrites(legacy_site.root / "state").last() is None


@pytest.mark.parametrize("both", ["dual-write-db-read"], indirect=True)
def test_flags_set_back_in_a_locked_file_are_noted_once_however_often_it_is_read(both: Dual) -> None:
    old = both.old_copy()
    with away(both):
        both.chain.apply(MarkRead(DEP, "m1"))
    both.put_back(old)
    lock_of(both.file()).touch()
    worker = both.chain
    worker.read(DEP)
    worker.read(DEP)
    lock_of(both.file()).unlink()
    worker.read(DEP)

    assert both.is_equal()
    assert len(noted(both.site)) == len(logged_conflicts(both.site)) == 1
