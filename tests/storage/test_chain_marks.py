"""A mark that a file lacks something keeps the file from answering for it, whatever profile and whoever else writes."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event
from support.command import msgmodule
from support.dual import DEP, Dual, away, dual
from support.mariadb import PrivateServer
from support.site import Site, make_site

from service.changes import AppendMessage, EditDraft, MarkRead
from service.errors import (
    CommitUnknown,
    DatabaseUnavailable,
    FileUnavailable,
    NotFound,
    StaleAnswerRefused,
    StoreUnavailable,
)
from service.messages import Message
from service.storage.cif.lock import lock_of
from service.storage.markers import Markers
from service.storage.pending import Pending
from service.vocabulary import NOTES, TO_DEPOSITOR

CIF_READ, DB_READ = "dual-write-cif-read", "dual-write-db-read"
FAST = {"MSGMODULE_LOCK_TIMEOUT": "0.2", "MSGMODULE_CIRCUIT_BREAKER": "false"}
pytestmark = pytest.mark.mariadb


@pytest.fixture
def both(tmp_path: Path, private_mariadb: PrivateServer) -> Iterator[Dual]:
    """The profile whose database answers, one message in both stores, and the file locked by a foreign program."""
    url = private_mariadb.url.replace("/messaging", f"/marks_{tmp_path.name[-40:].replace('-', '_')}")
    site = make_site(tmp_path, url)
    site.initialise()
    made = dual(site, DB_READ, **FAST)
    made.append("before")
    made.read()
    lock_of(made.file()).touch()
    yield made
    private_mariadb.start_again()


def unknown() -> EditDraft:
    return EditDraft(DEP, TO_DEPOSITOR, "unknown", "2026-02-02 02:02:02", {})


def test_a_change_refused_beside_one_that_was_taken_leaves_its_mark(
    both: Dual, private_mariadb: PrivateServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_mark = Markers.set

    def set_late(markers: Markers, key: str, *, durable: bool = True) -> bytes | None:
        monkeypatch.setattr(Markers, "set", set_mark)
        assert both.append("acknowledged").stores["cif"] == "behind"
        return set_mark(markers, key, durable=durable)

    monkeypatch.setattr(both.services.stores.cif, "write", refuse)
    monkeypatch.setattr(Markers, "set", set_late)
    with pytest.raises(NotFound):
        both.chain.apply(unknown())
    private_mariadb.stop()

    with pytest.raises(StaleAnswerRefused):
        both.chain.read(DEP)


def refuse(*_: object) -> None:
    raise FileUnavailable("the file cannot be locked")


def test_a_file_known_to_lack_a_message_does_not_answer_in_the_other_dual_profile(
    both: Dual, private_mariadb: PrivateServer
) -> None:
    both.append("acknowledged")
    assert both.kept("cif-behind") == [DEP]
    private_mariadb.stop()
    files_answer = dual(both.site, CIF_READ, **FAST)

    with pytest.raises(StaleAnswerRefused):
        files_answer.chain.read(DEP)


@pytest.mark.parametrize(("profile", "error"), [(CIF_READ, FileUnavailable), (DB_READ, DatabaseUnavailable)])
def test_with_both_stores_away_a_write_is_refused_and_leaves_nothing(
    both: Dual, private_mariadb: PrivateServer, profile: str, error: type[Exception]
) -> None:
    before = both.old_copy()
    private_mariadb.kill()
    chain = dual(both.site, profile, **FAST)

    with pytest.raises(error) as refused:
        chain.append("nowhere")

    assert getattr(refused.value, "status", None) == 503
    assert getattr(refused.value, "retry_after", 0) > 0
    assert both.old_copy() == before
    assert both.kept("pending") == both.kept("cif-behind") == []
    private_mariadb.start()
    lock_of(both.file()).unlink()
    assert both.read() == ["before"]
    assert both.is_equal()


def test_a_change_refused_later_leaves_the_mark_of_the_one_that_was_taken(
    both: Dual, private_mariadb: PrivateServer
) -> None:
    both.append("acknowledged")
    with pytest.raises(NotFound):
        both.chain.apply(unknown())
    private_mariadb.stop()

    with pytest.raises(StaleAnswerRefused):
        both.chain.read(DEP)


def test_a_commit_that_may_have_been_made_leaves_the_mark(both: Dual, private_mariadb: PrivateServer) -> None:
    def die(connection: Connection) -> None:
        if connection.get_execution_options().get("writes"):
            private_mariadb.kill()

    event.listen(both.services.stores.database._database._reading, "commit", die)
    with pytest.raises(CommitUnknown):
        both.append("perhaps")

    with pytest.raises(StaleAnswerRefused):
        both.chain.read(DEP)


def test_a_message_of_db_only_is_in_the_file_though_its_mark_did_not_outlive_a_power_cut(both: Dual) -> None:
    lock_of(both.file()).unlink()
    dual(both.site, "db-only", **FAST).append("m1")
    (both.site.root / "state" / "cif-behind" / DEP).unlink()

    assert dual(both.site, CIF_READ, **FAST).read() == ["before", "m1"]
    assert both.is_equal()


def test_a_mark_left_by_a_writer_that_died_is_taken_back_when_both_are_equal(both: Dual) -> None:
    lock_of(both.file()).unlink()
    Markers(both.site.root / "state").set(DEP)
    both.read()
    assert both.kept("cif-behind") == []


@pytest.mark.parametrize("profile", [CIF_READ, DB_READ])
def test_a_message_missing_in_a_locked_file_is_not_said_to_be_unknown(both: Dual, profile: str) -> None:
    lock_of(both.file()).unlink()
    found = dual(both.site, profile, **FAST)
    for message_id in ("n0", "n1"):
        found.chain.apply(AppendMessage(DEP, Message(NOTES, None, message_id, DEP, "2026-01-02 03:04:05")))
        found.read()
        if message_id == "n0":
            old = both.site.file(DEP, NOTES).read_bytes()
    both.site.file(DEP, NOTES).write_bytes(old)
    lock_of(both.site.file(DEP, NOTES)).touch()

    if profile == CIF_READ:
        with pytest.raises(FileUnavailable):
            found.chain.apply(MarkRead(DEP, "n1"))
    else:
        assert found.chain.apply(MarkRead(DEP, "n1")).stores == {"cif": "behind", "database": "written"}
    lock_of(both.site.file(DEP, NOTES)).unlink()
    assert found.read() == ["before", "n0", "n1"]
    assert both.is_equal()


def test_a_sync_that_began_before_a_change_does_not_take_its_mark_away(both: Dual, monkeypatch: pytest.MonkeyPatch) -> None:
    database, markers = both.services.stores.database, Markers(both.site.root / "state")
    apply = database.apply

    def late(*given: Any) -> object:
        lock_of(both.file()).unlink()
        dual(both.site, DB_READ, **FAST).read()
        assert not markers.has(DEP), "the sync found both equal and took the mark for an old one"
        return apply(*given)

    monkeypatch.setattr(database, "apply", late)
    both.append("acknowledged")
    assert markers.has(DEP)


def test_a_change_that_cannot_be_kept_is_not_refused_for_its_own_sake(both: Dual, monkeypatch: pytest.MonkeyPatch) -> None:
    lock_of(both.file()).unlink()
    both.append("draft", send_status="N")
    both.read()
    database = both.services.stores.database
    record = database.record

    def lost(*given: Any) -> None:
        record(*given)
        raise CommitUnknown("the answer never comes")

    def full(*_: object) -> None:
        raise FileUnavailable("the disk of state_dir is full")

    monkeypatch.setattr(database, "record", lost)
    monkeypatch.setattr(Pending, "secure", full)
    sent = EditDraft(DEP, TO_DEPOSITOR, "draft", "2026-02-02 02:02:02", {"send_status": "Y"})
    with pytest.raises(StoreUnavailable, match="not known"):
        both.chain.apply(sent)


def test_a_mark_for_a_change_that_was_not_made_holds_nothing_up(tmp_path: Path, sqlite_url: str) -> None:
    site = make_site(tmp_path, sqlite_url)
    site.initialise()
    worker = dual(site, "db-only", **FAST)
    worker.services.switching.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker.services.stores.database, "apply", _answer_lost)
        with pytest.raises(CommitUnknown):
            worker.append("m1")
    assert worker.kept("cif-behind") == [DEP]
    worker.services.switching.switch(DB_READ, None, "back", "operator")
    assert worker.kept("cif-behind") == []
    Markers(tmp_path / "state").set(DEP)
    assert msgmodule(site, "reconcile", "--all", profile=DB_READ).returncode == 0
    assert worker.kept("cif-behind") == []


def _answer_lost(*_: object) -> None:
    raise CommitUnknown("the answer to the commit was lost")


@pytest.mark.parametrize("profile", [CIF_READ, DB_READ])
def test_a_message_of_an_outage_outlives_its_directory(site: Site, profile: str) -> None:
    made = dual(site, profile, **FAST)
    with away(made):
        made.append("m1", has_new_id=True)
    shutil.rmtree(made.file().parent)
    assert made.read() == ["m1"]
    assert made.is_equal()
    assert made.kept("pending") == []
