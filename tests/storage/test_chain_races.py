"""Changes that cross each other at the worst moment: what was acknowledged stays, and a stale answer is refused."""

from pathlib import Path
from typing import Any

import pytest
from support.dual import DEP, Dual, dual, first_call
from support.site import Site

from service.changes import EditDraft
from service.errors import DatabaseUnavailable, StaleAnswerRefused
from service.storage.base import Outcome
from service.storage.cif.lock import lock_of
from service.vocabulary import TO_DEPOSITOR

LOCK_SOON = {"MSGMODULE_LOCK_TIMEOUT": "0.2"}


@pytest.fixture
def both(site: Site) -> Dual:
    """A profile that answers from the database, with one draft that both stores hold."""
    made = dual(site, "dual-write-db-read", **LOCK_SOON)
    made.append("m", "first", send_status="N")
    made.read()
    assert made.is_equal()
    return made


def edit(both: Dual, text: str, **more: str) -> Outcome:
    change = EditDraft(DEP, TO_DEPOSITOR, "m", "2026-02-02 02:02:02", {"message_text": text} | more)
    return both.chain.apply(change)


def edit_behind_a_lock(both: Dual, text: str, **more: str) -> None:
    """Edit while a foreign program holds the file, so that only the database takes it."""
    lock = lock_of(both.file())
    lock.touch()
    assert edit(both, text, **more).stores == {"cif": "behind", "database": "written"}
    lock.unlink()


def both_take(both: Dual, text: str) -> None:
    assert edit(both, text).stores == {"cif": "written", "database": "written"}


def text_of(both: Dual) -> str | None:
    return both.chain.read(DEP).correspondence.messages[0].message_text


def test_a_writer_that_reaches_the_database_late_makes_no_draft_of_a_message_sent_meanwhile(
    both: Dual, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = both.services.stores.database
    first_call(database, "record", monkeypatch, lambda: edit_behind_a_lock(both, "sent", send_status="Y"))

    edit(both, "earlier")

    message = both.chain.read(DEP).correspondence.messages[0]
    assert (message.message_text, message.send_status) == ("sent", "Y")
    assert both.is_equal()


def test_a_sync_that_reaches_the_database_late_does_not_undo_an_acknowledged_edit(
    both: Dual, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign_write(both.file())
    database = both.services.stores.database
    first_call(database, "bring", monkeypatch, lambda: edit_behind_a_lock(both, "acknowledged"))

    both.read()

    assert text_of(both) == "acknowledged"
    assert both.is_equal()


def test_a_sync_that_reads_late_does_not_undo_an_acknowledged_edit(both: Dual, monkeypatch: pytest.MonkeyPatch) -> None:
    edit_behind_a_lock(both, "in the database")
    cif = both.services.stores.cif
    first_call(cif, "snapshot", monkeypatch, lambda: both_take(both, "acknowledged"))

    both.read()

    assert text_of(both) == "acknowledged"
    assert both.is_equal()


def test_a_sync_that_ends_late_leaves_the_mark_of_a_change_that_came_meanwhile(
    both: Dual, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign_write(both.file())
    database = both.services.stores.database
    bring = database.bring

    def bring_and_cross(*given: Any) -> Any:
        result = bring(*given)
        monkeypatch.setattr(database, "bring", bring)
        edit_behind_a_lock(both, "only in the database")
        return result

    monkeypatch.setattr(database, "bring", bring_and_cross)
    both.read()
    stop(database, monkeypatch)

    with pytest.raises(StaleAnswerRefused):
        both.chain.read(DEP)


def test_a_change_made_in_db_only_is_not_hidden_by_a_fallback_to_the_old_file(
    both: Dual, monkeypatch: pytest.MonkeyPatch
) -> None:
    straggler = dual(both.site, "db-only")
    edit(straggler, "under the profile before the switch")
    stop(both.services.stores.database, monkeypatch)

    with pytest.raises(StaleAnswerRefused):
        both.chain.read(DEP)


def test_a_commit_whose_answer_was_lost_brings_no_old_text_back_later(both: Dual, monkeypatch: pytest.MonkeyPatch) -> None:
    database = both.services.stores.database
    record = database.record

    def commit_and_lose_the_answer(*given: Any) -> None:
        record(*given)
        monkeypatch.setattr(database, "record", record)
        raise DatabaseUnavailable("Lost connection to server during query")

    monkeypatch.setattr(database, "record", commit_and_lose_the_answer)
    assert edit(both, "second").stores == {"cif": "written", "database": "behind"}
    assert edit(both, "third").stores == {"cif": "written", "database": "written"}
    assert text_of(both) == "third"
    stop(database, monkeypatch)

    assert text_of(both) == "third"


def test_a_commit_whose_answer_was_lost_undoes_no_edit_made_behind_a_lock(
    both: Dual, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = both.services.stores.database
    record = database.record

    def commit_and_lose_the_answer(*given: Any) -> None:
        record(*given)
        monkeypatch.setattr(database, "record", record)
        raise DatabaseUnavailable("Lost connection to server during query")

    monkeypatch.setattr(database, "record", commit_and_lose_the_answer)
    edit(both, "second")
    edit_behind_a_lock(both, "third")

    assert text_of(both) == "third"
    assert both.is_equal()


def foreign_write(path: Path) -> None:
    """Touch a file as a legacy program that rewrites it unchanged."""
    path.write_bytes(path.read_bytes() + b"# \n")


def stop(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the database away; what happens to a server that really stops is the matter of test_chain_outage."""

    def refused(*_: object) -> None:
        raise DatabaseUnavailable("the database does not answer")

    for name in ("state", "snapshot", "record", "bring", "apply"):
        monkeypatch.setattr(database, name, refused)
