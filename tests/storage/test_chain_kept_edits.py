"""Edits and flags acknowledged in an outage outlive an old copy that a legacy program writes over the file."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.dual import DEP, Dual, away, dual, first_call, logged_conflicts
from support.mariadb import PrivateServer
from support.site import DUAL, make_site
from support.world import Died

from service.changes import Amend, EditDraft, MarkRead, Tag
from service.errors import Conflict
from service.messages import FileReference, Message, Status
from service.storage.cif.lock import lock_of
from service.storage.pending import Pending
from service.vocabulary import TO_DEPOSITOR

pytestmark = pytest.mark.mariadb


@pytest.fixture(params=DUAL)
def both(request: pytest.FixtureRequest, tmp_path: Path, private_mariadb: PrivateServer) -> Iterator[Dual]:
    """A dual profile with a draft in both stores; no breaker, so that the first access after an outage finds the server."""
    url = private_mariadb.url.replace("/messaging", f"/kept_{tmp_path.name[-40:].replace('-', '_')}")
    site = make_site(tmp_path, url)
    site.initialise()
    made = dual(site, request.param, MSGMODULE_CIRCUIT_BREAKER="false")
    made.append("m1", "draft", send_status="N")
    made.chain.apply(Tag(DEP, "m1", "N", "Y", "N"))
    made.read()
    assert made.is_equal()
    yield made
    private_mariadb.start_again()


def edit(text: str, send_status: str = "N") -> EditDraft:
    return EditDraft(DEP, TO_DEPOSITOR, "m1", "2026-02-02 02:02:02", {"message_text": text, "send_status": send_status})


def message(both: Dual) -> Message:
    found = both.chain.read(DEP).correspondence.message("m1")
    assert found is not None
    return found


def logged(both: Dual) -> str:
    return json.dumps(logged_conflicts(both.site))


def test_an_edit_of_an_outage_reaches_the_database_when_it_is_back(both: Dual, private_mariadb: PrivateServer) -> None:
    private_mariadb.kill()
    assert both.chain.apply(edit("acknowledged")).stores == {"cif": "written", "database": "behind"}
    private_mariadb.start()

    assert message(both).message_text == "acknowledged"
    assert both.is_equal()
    assert both.kept("pending") == []


def test_an_edit_of_a_new_message_outlives_an_old_copy_though_the_edit_it_found_was_not_kept(both: Dual) -> None:
    old = both.old_copy()

    def loses_power(_: Pending, copy: Path) -> None:
        copy.unlink()  # it was not made to last yet
        raise Died

    def texts() -> list[str | None]:
        return [m.message_text for m in both.chain.read(DEP).correspondence.messages]

    with away(both):
        both.append("m2", "first", has_new_id=True, send_status="N")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Pending, "secure", loses_power)
            with pytest.raises(Died):
                both.chain.apply(replace(edit("second"), message_id="m2"))
        both.chain.apply(replace(edit("third"), message_id="m2"))
        both.put_back(old)
        assert texts() == ["draft", "third"]
    assert texts() == ["draft", "third"]
    assert both.is_equal()


def test_an_edit_of_an_outage_is_not_discarded_silently_for_an_old_copy(both: Dual, private_mariadb: PrivateServer) -> None:
    old = both.old_copy()
    private_mariadb.stop()
    both.chain.apply(edit("acknowledged"))
    both.put_back(old)
    assert message(both).message_text == "acknowledged"
    private_mariadb.start()

    after = message(both).message_text

    assert both.is_equal()
    assert after == "acknowledged"


def test_a_flag_set_in_an_outage_is_not_discarded_silently_for_an_old_copy(
    both: Dual, private_mariadb: PrivateServer
) -> None:
    old = both.old_copy()
    private_mariadb.stop()
    both.chain.apply(MarkRead(DEP, "m1"))
    both.put_back(old)
    private_mariadb.start()

    status = both.chain.read(DEP).correspondence.status("m1")

    assert both.is_equal()
    assert status is not None
    assert status.read_status == "Y"


def test_a_message_sent_in_an_outage_takes_no_edit_after_an_old_copy(both: Dual, private_mariadb: PrivateServer) -> None:
    old = both.old_copy()
    private_mariadb.stop()
    both.chain.apply(edit("sent", "Y"))
    both.put_back(old)
    assert message(both).send_status == "Y"

    with pytest.raises(Conflict):
        both.chain.apply(edit("edited after it was sent"))


@pytest.mark.parametrize("both", ["dual-write-db-read"], indirect=True)
def test_a_message_of_an_outage_is_answered_when_the_database_is_back_and_the_files_are_away(
    both: Dual, private_mariadb: PrivateServer
) -> None:
    private_mariadb.stop()
    both.append("m2")
    private_mariadb.start()
    away = both.site.archive.rename(both.site.root / "unmounted")

    answer = both.chain.read(DEP)

    assert [m.message_id for m in answer.correspondence.messages] == ["m1", "m2"]
    assert answer.unverified
    away.rename(both.site.archive)
    assert both.read() == ["m1", "m2"]
    assert both.is_equal()


def test_equal_references_of_an_outage_are_as_many_afterwards(both: Dual, private_mariadb: PrivateServer) -> None:
    stored, row = message(both), FileReference(None, "m1", DEP, "model", "pdbx", "1", "1", "archive")
    both.chain.apply(Amend(DEP, stored, stored, (row,)))
    private_mariadb.kill()
    for _ in range(2):
        both.chain.apply(Amend(DEP, stored, stored, (row,) * 2))
    old = both.old_copy()
    both.chain.apply(Amend(DEP, stored, stored, (row,) * 3))
    both.put_back(old)
    assert len(both.chain.read(DEP).correspondence.references("m1")) == 3
    private_mariadb.start()

    assert len(both.chain.read(DEP).correspondence.references("m1")) == 3
    assert both.is_equal()


def test_the_last_of_several_edits_outlives_a_copy_from_before_all_of_them(
    both: Dual, private_mariadb: PrivateServer
) -> None:
    both.chain.apply(edit("in the copy"))
    old = both.old_copy()
    both.chain.apply(edit("hidden by the copy"))
    both.append("lost to the copy")
    private_mariadb.stop()
    both.put_back(old)
    both.chain.apply(edit("first"))
    both.chain.apply(edit("last"))
    private_mariadb.start()
    both.put_back(old)

    assert message(both).message_text == "last"
    assert both.is_equal()


@pytest.mark.parametrize("both", ["dual-write-db-read"], indirect=True)
def test_flags_confirmed_in_an_outage_stay_while_their_file_cannot_be_written(
    both: Dual, private_mariadb: PrivateServer
) -> None:
    old, flags = both.old_copy(), Tag(DEP, "m1", "N", "N", "Y")
    both.chain.apply(flags)
    private_mariadb.stop()
    assert both.chain.apply(flags).delta.repeated
    both.put_back(old)
    lock_of(both.file()).touch()
    private_mariadb.start()

    chain = both.chain
    for _ in range(3):
        chain.read(DEP)
    lock_of(both.file()).unlink()

    assert chain.read(DEP).correspondence.status("m1") == Status("m1", DEP, "N", "N", "Y")
    assert logged(both).count('"lost"') == 1  # the old copy's, noted when it was written over, and not at every look
    assert both.is_equal()
    assert both.kept("pending") == []


@pytest.mark.parametrize("both", ["dual-write-db-read"], indirect=True)
def test_what_the_database_has_had_is_not_made_there_again(both: Dual, private_mariadb: PrivateServer) -> None:
    old = both.old_copy()
    private_mariadb.stop()
    both.chain.apply(Tag(DEP, "m1", "N", "N", "Y"))
    both.put_back(old)
    lock_of(both.file()).touch()
    private_mariadb.start()
    both.chain.read(DEP)
    assert [Path(name).suffix for name in both.kept("pending")] == [".brought"]
    both.chain.apply(Tag(DEP, "m1", "N", "Y", "N"))  # as the one that is kept found it
    lock_of(both.file()).unlink()

    assert both.chain.read(DEP).correspondence.status("m1") == Status("m1", DEP, "N", "Y", "N")
    assert both.is_equal()
    assert both.kept("pending") == []


def test_flags_that_another_programs_copy_brought_back_are_not_acknowledged_for_nothing(
    both: Dual, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, was = both.old_copy(), Tag(DEP, "m1", "N", "Y", "N")
    both.append("lost to the copy")
    both.chain.apply(Tag(DEP, "m1", "N", "N", "Y"))
    # behind the look at the files that a change begins with
    first_call(both.services.stores.cif, "write", monkeypatch, lambda: both.put_back(old))
    both.chain.apply(was)
    assert both.chain.read(DEP).correspondence.status("m1") == Status("m1", DEP, "N", "Y", "N")
    assert both.is_equal()
