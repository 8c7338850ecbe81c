"""The failure table of DESIGN section 5 with a server that really stops and a lock that really stands."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.dual import DEP, Dual, dual, noted
from support.mariadb import PrivateServer
from support.site import DUAL, make_site

from service.changes import AppendMessage, EditDraft, MarkRead, Tag
from service.errors import DatabaseUnavailable, FileUnavailable, StaleAnswerRefused
from service.messages import Message, Status
from service.storage.cif.lock import lock_of
from service.storage.markers import Markers
from service.vocabulary import TO_DEPOSITOR

FAST = {"MSGMODULE_BREAKER_RESET_TIMEOUT": "0.1", "MSGMODULE_LOCK_TIMEOUT": "0.2"}
pytestmark = pytest.mark.mariadb


@pytest.fixture(params=DUAL)
def both(request: pytest.FixtureRequest, tmp_path: Path, private_mariadb: PrivateServer) -> Iterator[Dual]:
    """A dual profile over a server of our own, with one message in both stores."""
    url = private_mariadb.url.replace("/messaging", f"/outage_{tmp_path.name[-40:].replace('-', '_')}")
    site = make_site(tmp_path, url)
    site.initialise()
    made = dual(site, request.param, **FAST)
    made.append("before")
    made.read()
    assert made.is_equal()
    yield made
    private_mariadb.start_again()


def settled(both: Dual) -> bool:
    """Read until the breaker lets the database in again."""
    for _ in range(200):
        if not both.chain.read(DEP).unverified:
            return both.is_equal()
    return False


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_write_while_the_database_is_down_is_kept_and_reaches_it_by_itself(
    both: Dual, private_mariadb: PrivateServer, how: str
) -> None:
    getattr(private_mariadb, how)()

    outcomes = [both.append(f"m{n}") for n in range(8)]

    assert all(outcome.stores == {"cif": "written", "database": "behind"} for outcome in outcomes)
    assert len(both.kept("pending")) == 8
    answer = both.chain.read(DEP)
    assert (len(answer.correspondence.messages), answer.unverified, answer.served_by) == (9, True, "cif")
    private_mariadb.start()
    both.services.stores.database.guard = None  # the breaker's pause is another test's matter
    assert settled(both)
    assert both.kept("pending") == []
    assert len(both.in_database().messages) == 9


def test_an_old_copy_over_the_file_during_an_outage_loses_no_acknowledged_message(
    both: Dual, private_mariadb: PrivateServer
) -> None:
    old = both.old_copy()
    private_mariadb.stop()
    both.append("acknowledged")
    both.put_back(old)

    answer = both.chain.read(DEP)

    assert [m.message_id for m in answer.correspondence.messages] == ["before", "acknowledged"]
    assert answer.unverified
    private_mariadb.start()
    both.services.stores.database.guard = None
    assert settled(both)
    assert [m.message_id for m in both.in_files().messages] == ["before", "acknowledged"]


def test_a_file_that_cannot_be_locked_is_answered_as_the_profile_says(both: Dual) -> None:
    lock = lock_of(both.file())
    lock.touch()
    before = both.old_copy()

    if both.services.settings.profile.reads == "cif":
        with pytest.raises(FileUnavailable, match="lock"):
            both.append("m1")
        assert both.read() == ["before"]
        assert len(both.in_database().messages) == 1
    else:
        assert both.append("m1").stores == {"cif": "behind", "database": "written"}
        assert both.kept("cif-behind") == [DEP]
        assert both.read() == ["before", "m1"]
    assert both.old_copy() == before
    lock.unlink()
    both.read()
    assert both.is_equal()
    assert both.kept("cif-behind") == []


@pytest.mark.parametrize("both", ["dual-write-db-read"], indirect=True)
def test_a_stale_fallback_is_refused_and_a_current_one_is_served(both: Dual, private_mariadb: PrivateServer) -> None:
    current = "D_1000000002"
    message = Message(TO_DEPOSITOR, None, "m", current, "2026-01-02 03:04:05")
    both.chain.apply(AppendMessage(current, message))
    lock_of(both.file()).touch()
    both.append("only in the database")
    private_mariadb.stop()

    with pytest.raises(StaleAnswerRefused):
        both.chain.read(DEP)
    with pytest.raises(DatabaseUnavailable):
        both.append("neither store takes this", has_new_id=True)
    answer = both.chain.read(current)
    assert (answer.served_by, [m.message_id for m in answer.correspondence.messages]) == ("cif", ["m"])
    lock_of(both.file()).unlink()


def test_a_repeat_during_an_outage_is_kept_too(both: Dual, private_mariadb: PrivateServer) -> None:
    private_mariadb.stop()
    both.append("m1")
    for kept in (both.site.root / "state" / "pending").rglob("*.json"):
        kept.unlink()  # as if the first try had died before it kept its copy

    outcome = both.append("m1")

    assert outcome.delta.repeated
    assert outcome.stores["database"] == "behind"
    assert len(both.kept("pending")) == 1


def test_the_next_access_settles_all_though_the_breaker_is_open(both: Dual, private_mariadb: PrivateServer) -> None:
    made = dual(both.site, both.services.settings.profile.name)  # with the pause of 30 s that is the default
    private_mariadb.kill()
    for n in range(12):
        assert made.append(f"m{n}").stores == {"cif": "written", "database": "behind"}
    guard = made.services.stores.database.guard
    assert guard is not None
    assert guard.state == "open"

    private_mariadb.start()

    answer = made.chain.read(DEP)
    assert not answer.unverified
    assert len(answer.correspondence.messages) == 13
    assert made.is_equal()
    assert made.kept("pending") == []


def test_flags_set_behind_an_old_copy_are_not_undone_by_an_earlier_reading(
    both: Dual, private_mariadb: PrivateServer
) -> None:
    old = both.old_copy()
    both.chain.apply(Tag(DEP, "before", "N", "Y", "Y"))
    private_mariadb.stop()
    both.chain.apply(MarkRead(DEP, "before"))
    both.put_back(old)  # it was read before the message had any flags
    both.chain.apply(Tag(DEP, "before", "N", "Y", "Y"))

    unread = Status("before", DEP, "N", "Y", "Y")
    assert both.chain.read(DEP).correspondence.status("before") == unread
    private_mariadb.start()
    both.services.stores.database.guard = None
    assert settled(both)
    assert both.in_database().status("before") == unread


@pytest.mark.parametrize("again", [False, True], ids=["once", "twice"])
def test_a_change_made_behind_an_old_copy_during_an_outage_is_the_one_that_stays(
    both: Dual, private_mariadb: PrivateServer, *, again: bool
) -> None:
    both.append("draft", "first", send_status="N")
    old = both.old_copy()
    both.chain.apply(Tag(DEP, "before", "Y", "Y", "Y"))
    both.chain.apply(EditDraft(DEP, TO_DEPOSITOR, "draft", "2026-01-02 03:04:05", {"message_text": "second"}))
    both.append("lost to the old copy")
    private_mariadb.stop()
    both.put_back(old)
    both.chain.apply(Tag(DEP, "before", "Y", "N", "N"))
    both.chain.apply(EditDraft(DEP, TO_DEPOSITOR, "draft", "2026-01-02 03:04:06", {"message_text": "third"}))
    if again:
        both.put_back(old)

    private_mariadb.start()
    both.services.stores.database.guard = None
    assert settled(both)
    held = both.in_database()
    assert held.status("before") == Status("before", DEP, "Y", "N", "N")
    assert [(m.message_id, m.message_text) for m in held.messages[1:]] == [
        ("draft", "third"),
        ("lost to the old copy", "text"),
    ]
    lost = [row["lost"] for row in noted(both.site)]  # nobody who made the last changes had seen these
    assert [row.get("message_text", row.get("action_reqd")) for row in lost] == ["Y", "second"]


def test_a_change_that_found_what_a_dead_worker_left_stays_though_an_old_copy_takes_both(
    both: Dual, private_mariadb: PrivateServer
) -> None:
    old = both.old_copy()
    private_mariadb.stop()
    both.services.stores.cif.write(MarkRead(DEP, "before"))  # and there its worker died, before it could keep the change
    both.chain.apply(Tag(DEP, "before", "Y", "N", "Y"))
    both.put_back(old)

    wanted = Status("before", DEP, "Y", "N", "Y")
    assert both.chain.read(DEP).correspondence.status("before") == wanted
    private_mariadb.start()
    both.services.stores.database.guard = None
    assert settled(both)
    assert both.in_database().status("before") == wanted


def test_a_row_of_files_that_are_behind_is_not_edited_while_the_database_is_down(
    both: Dual, private_mariadb: PrivateServer
) -> None:
    Markers(both.site.root / "state").set(DEP)
    private_mariadb.stop()
    before = both.old_copy()
    with pytest.raises(StaleAnswerRefused, match="lack a change"):
        both.chain.apply(Tag(DEP, "before", "Y", "N", "N"))
    assert both.old_copy() == before
    with pytest.raises(StaleAnswerRefused, match="lack a change"):
        both.append("m2", "an id that the database may have already")
    assert both.old_copy() == before
    assert both.append("after", has_new_id=True).stores == {"cif": "written", "database": "behind"}
