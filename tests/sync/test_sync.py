"""The sync of many depositions adds up what it did, and one deposition's fault is its own."""

from pathlib import Path

import pytest
from support.command import DOWN
from support.dual import DEP, Dual, dual, first_call
from support.site import DUAL, Site, make_site

from service.changes import AppendMessage, EditDraft
from service.errors import DatabaseNotReady, DatabaseUnavailable, FileUnavailable, NotFound
from service.messages import Message
from service.storage.base import Moved
from service.storage.cif.lock import lock_of
from service.sync.sync import Sync
from service.sync.transfer import Importer, Totals
from service.vocabulary import TO_DEPOSITOR

OTHER = "D_1000000002"


@pytest.fixture(params=DUAL)
def both(request: pytest.FixtureRequest, site: Site) -> Dual:
    return dual(site, request.param, MSGMODULE_LOCK_TIMEOUT="0.2")


def sync_of(both: Dual) -> Sync:
    return both.services.stores.sync(both.services.settings.profile)


def in_file(both: Dual, dep: str, message_id: str) -> None:
    message = Message(TO_DEPOSITOR, None, message_id, dep, "2026-01-02 03:04:05", message_text="t")
    both.services.stores.cif.write(AppendMessage(dep, message))


def imported(both: Dual, *depositions: str) -> tuple[Totals, dict[str, str]]:
    stores, totals = both.services.stores, Totals()
    found = list(Importer(stores.cif, stores.database, sync_of(both), stores.state_dir).run(depositions))
    for one in found:
        totals.add(one)
    return totals, {one.deposition_data_set_id: one.code for one in found if one.code}


def test_a_second_import_finds_everything_there(both: Dual) -> None:
    in_file(both, DEP, "m1")
    in_file(both, DEP, "m2")
    in_file(both, OTHER, "m1")
    assert imported(both, DEP, OTHER) == (Totals(found=2, inserted=3), {})
    assert imported(both, DEP, OTHER) == (Totals(found=2, unchanged=3), {})


def test_of_two_imports_at_once_only_one_tells_that_it_inserted(both: Dual, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other one, which lost, has been asked about a deposition that is known, and so syncs it by itself."""
    both.append("m1")
    in_file(both, DEP, "m2")
    other = dual(both.site, both.services.settings.profile.name)
    told = []
    first_call(both.services.stores.database, "bring", monkeypatch, lambda: told.append(imported(other, DEP)[0]))
    told.append(imported(both, DEP)[0])
    assert [(totals.inserted, totals.unchanged) for totals in told] == [(1, 1), (0, 2)]


def test_one_damaged_file_is_told_and_the_others_are_imported(both: Dual) -> None:
    in_file(both, DEP, "m1")
    in_file(both, OTHER, "m1")
    both.put_back(both.old_copy()[:-40])
    assert imported(both, DEP, OTHER) == (Totals(found=2, damaged=1, inserted=1), {DEP: "damaged_file"})


def test_an_import_counts_what_it_healed_and_updated_and_what_conflicted(both: Dual) -> None:
    both.append("m1", "draft", send_status="N")
    old = both.old_copy()
    both.append("m2")
    both.put_back(old)
    assert imported(both, DEP) == (Totals(found=1, unchanged=2, healed=1), {})
    for text, store in (("file", both.services.stores.cif), ("database", both.services.stores.database)):
        store.apply(EditDraft(DEP, TO_DEPOSITOR, "m1", "2026-02-02 02:02:02", {"message_text": text}))
    totals, _ = imported(both, DEP)
    assert totals.conflicting == 1


def test_a_database_that_is_down_ends_an_import(tmp_path: Path) -> None:
    both = dual(make_site(tmp_path, DOWN), "dual-write-cif-read")
    in_file(both, DEP, "m1")
    with pytest.raises(DatabaseUnavailable):
        imported(both, DEP, OTHER)


def test_a_database_without_tables_ends_an_import(tmp_path: Path, sqlite_url: str) -> None:
    both = dual(make_site(tmp_path, sqlite_url), "dual-write-cif-read")
    in_file(both, DEP, "m1")
    with pytest.raises(DatabaseNotReady):
        imported(both, DEP)


def test_a_deposition_that_no_store_knows_is_not_found_and_made_nowhere(both: Dual) -> None:
    with pytest.raises(NotFound):
        sync_of(both).run(DEP, "test")
    assert not both.file().parent.exists()
    assert both.services.stores.database.state(DEP) is None


def test_a_sync_that_is_crossed_every_time_gives_up_with_an_error(both: Dual, monkeypatch: pytest.MonkeyPatch) -> None:
    both.append("m1")
    old = both.old_copy()
    both.append("m2")
    both.put_back(old)

    def moved(*_: object) -> None:
        raise Moved

    with monkeypatch.context() as patch:
        patch.setattr(both.services.stores.cif, "put", moved)
        with pytest.raises(FileUnavailable, match="crossing"):
            sync_of(both).run(DEP, "test")
    assert both.read() == ["m1", "m2"]
    assert both.is_equal()


def test_a_sync_says_why_the_file_is_behind_and_the_next_one_brings_it_up(both: Dual) -> None:
    both.append("m1")
    old = both.old_copy()
    both.append("m2")
    both.put_back(old)
    lock = lock_of(both.file())
    lock.touch()
    behind = sync_of(both).run(DEP, "test").behind
    assert behind is not None
    assert lock.name in behind
    lock.unlink()
    assert sync_of(both).run(DEP, "test").behind is None
    assert both.is_equal()
    assert both.kept("cif-behind") == []


def test_a_writer_that_a_sync_overtook_leaves_both_equal(both: Dual) -> None:
    both.append("m1")
    message = Message(TO_DEPOSITOR, None, "m2", DEP, "2026-01-02 03:04:05", message_text="t")
    applied = both.services.stores.cif.write(AppendMessage(DEP, message))
    both.read()
    both.services.stores.database.record(DEP, applied)
    assert both.is_equal()


def test_rows_restored_in_the_file_are_counted_though_the_database_goes_away_then(
    both: Dual, monkeypatch: pytest.MonkeyPatch
) -> None:
    both.append("m1")
    old = both.old_copy()
    both.append("m2")
    both.put_back(old)

    def down(*_: object) -> None:
        raise DatabaseUnavailable("the database does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(both.services.stores.database, "bring", down)
        with pytest.raises(DatabaseUnavailable):
            sync_of(both).run(DEP, "test")
    assert len(both.in_files().messages) == 2
    sync_of(both).run(DEP, "test")
    assert b"messaging_healed_rows_total 1.0" in both.services.metrics.exposition()
