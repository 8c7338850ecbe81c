"""What the dual chains answer where a store refuses, is not there, or both are down: data, or an error that says so."""

from typing import Any

import pytest
from sqlalchemy import create_engine, text
from support.dual import DEP, Dual, dual
from support.site import DUAL, Site

from service.changes import EditDraft, MarkRead
from service.errors import DatabaseUnavailable, FileUnavailable
from service.storage.cif.lock import lock_of
from service.vocabulary import TO_DEPOSITOR

TABLE = "pdbx_deposition_message_info"


@pytest.fixture(params=DUAL)
def both(request: pytest.FixtureRequest, site: Site) -> Dual:
    made = dual(site, request.param, MSGMODULE_LOCK_TIMEOUT="0.2")
    made.append("m1", send_status="N")
    made.read()
    return made


def refuse_rows(site: Site) -> None:
    """Have the database refuse every new message for a reason that no retry removes."""
    with create_engine(site.database_url).begin() as connection:
        connection.execute(
            text(f"CREATE TRIGGER refusing BEFORE INSERT ON {TABLE} BEGIN SELECT RAISE(ABORT, 'not this row'); END")
        )


def stop(both: Dual, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise DatabaseUnavailable("the database does not answer")

    for name in ("state", "snapshot", "record", "bring", "apply"):
        monkeypatch.setattr(both.services.stores.database, name, refused)


@pytest.mark.parametrize("both", ["dual-write-cif-read"], indirect=True)
def test_files_that_cannot_be_synced_are_no_answer_while_the_database_knows_better(both: Dual) -> None:
    old = both.old_copy()
    both.append("m2")
    both.read()
    both.put_back(old)
    underway = both.site.root / "state" / "underway"
    underway.unlink()
    underway.mkdir()
    with pytest.raises(FileUnavailable):
        both.read()

    underway.rmdir()
    assert both.read() == ["m1", "m2"]


def test_a_message_that_the_database_refuses_is_kept_and_still_read(both: Dual) -> None:
    refuse_rows(both.site)

    outcome = both.append("refused by the database")

    assert outcome.stores == {"cif": "written", "database": "behind"}
    assert both.read() == ["m1", "refused by the database"]


@pytest.mark.parametrize("both", ["dual-write-db-read"], indirect=True)
def test_a_change_that_neither_store_took_leaves_the_files_readable(both: Dual, monkeypatch: pytest.MonkeyPatch) -> None:
    stop(both, monkeypatch)
    lock = lock_of(both.file())
    lock.touch()
    with pytest.raises(DatabaseUnavailable):
        both.append("nowhere")
    lock.unlink()

    answer = both.chain.read(DEP)

    assert [m.message_id for m in answer.correspondence.messages] == ["m1"]


@pytest.mark.parametrize("both", ["dual-write-db-read"], indirect=True)
def test_a_message_taken_while_the_files_are_away_can_be_read_while_they_are_away(both: Dual) -> None:
    away = both.site.archive.rename(both.site.root / "unmounted")

    assert both.append("m2").stores == {"cif": "behind", "database": "written"}
    assert both.read() == ["m1", "m2"]

    away.rename(both.site.archive)
    assert both.read() == ["m1", "m2"]
    assert both.is_equal()


@pytest.mark.parametrize("both", ["dual-write-cif-read"], indirect=True)
def test_without_the_files_nothing_is_answered_or_written_where_they_answer(both: Dual) -> None:
    both.site.archive.rename(both.site.root / "unmounted")
    with pytest.raises(FileUnavailable):
        both.append("m2")
    with pytest.raises(FileUnavailable):
        both.read()
    assert len(both.in_database().messages) == 1


@pytest.mark.parametrize("change", ["edit", "mark read"])
def test_a_kept_message_that_an_old_copy_erased_can_be_changed_in_the_outage(
    both: Dual, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    old = both.old_copy()
    stop(both, monkeypatch)
    both.append("m2", send_status="N")
    both.put_back(old)
    assert both.read() == ["m1", "m2"]

    wanted: Any = EditDraft(DEP, TO_DEPOSITOR, "m2", "2026-02-02 02:02:02", {"message_text": "new"})
    both.chain.apply(wanted if change == "edit" else MarkRead(DEP, "m2"))


def test_a_change_in_an_outage_is_taken_though_another_one_crosses_what_is_restored_first(
    both: Dual, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = both.old_copy()
    stop(both, monkeypatch)
    both.append("m2")
    both.put_back(old)
    cif = both.services.stores.cif
    put = cif.put

    def put_late(*given: Any) -> str:
        monkeypatch.setattr(cif, "put", put)
        dual(both.site, "cif-only").append("m3")
        return put(*given)

    monkeypatch.setattr(cif, "put", put_late)
    both.append("m4")

    assert sorted(map(str, both.read())) == ["m1", "m2", "m3", "m4"]


def test_a_damaged_file_is_an_error_and_stays_as_it_is(both: Dual) -> None:
    damaged = both.old_copy()[:-40]
    both.put_back(damaged)
    before = len(both.in_database().messages)
    for _ in range(2):
        with pytest.raises(Exception, match="damaged"):
            both.read()
        with pytest.raises(Exception, match="damaged"):
            both.append("m2")
    assert both.old_copy() == damaged
    assert len(both.in_database().messages) == before
