"""A worker that died between its file and the database leaves a copy of its change: it is known to all, and never stays."""

from contextlib import nullcontext

import pytest
from support.command import msgmodule
from support.dual import DEP, QUICK, Dual, away, drafted, dual, edit, flags, logged_conflicts, noted, texts
from support.forked import killed
from support.site import DUAL, Site
from support.world import dying

from service.changes import Amend, MarkRead, Tag
from service.errors import StoreUnavailable
from service.messages import Status
from service.storage.cif import files
from service.storage.pending import Pending

UNREAD, READ = ("N", "Y", "N"), ("Y", "Y", "N")


@pytest.fixture(params=DUAL)
def both(request: pytest.FixtureRequest, site: Site) -> Dual:
    """A dual profile with a message that is read in its file, and not yet in the database."""
    made = dual(site, request.param, **QUICK)
    made.append("m1")
    made.chain.apply(Tag(DEP, "m1", *UNREAD))
    made.read()

    with dying(made.services.stores.database, "record"):
        made.chain.apply(MarkRead(DEP, "m1"))
    return made


@pytest.mark.parametrize("both", ["dual-write-db-read"], indirect=True)
def test_a_change_of_what_waits_is_a_503_and_no_conflict(both: Dual) -> None:
    gone = both.site.archive.rename(both.site.root / "unmounted")
    seen = both.chain.read(DEP).correspondence.status("m1")
    assert seen == Status("m1", DEP, *READ)
    with pytest.raises(StoreUnavailable):
        both.chain.apply(Amend(DEP, Status("m1", DEP, None, "Y", "N"), seen))
    gone.rename(both.site.archive)


@pytest.mark.parametrize("both", ["dual-write-db-read"], indirect=True)
def test_reconcile_under_the_database_alone_brings_in_what_a_dead_worker_left(both: Dual) -> None:
    assert msgmodule(both.site, "reconcile", "--all", profile="db-only").returncode == 0
    assert both.kept("ahead") == []
    assert flags(dual(both.site, "db-only")) == READ


@pytest.mark.parametrize("both", ["dual-write-cif-read"], indirect=True)
def test_the_move_to_the_files_alone_leaves_nothing_of_a_dead_worker(both: Dual) -> None:
    both.services.switching.start()
    both.services.switching.switch("cif-only", None, "planned", "operator")
    alone = dual(both.site, "cif-only")
    alone.chain.apply(Tag(DEP, "m1", *UNREAD))
    assert not alone.chain.read(DEP).unverified
    assert both.kept("ahead") == both.kept("pending") == []


def test_a_copy_that_a_dead_worker_left_is_brought_in_and_one_that_a_power_cut_tore_is_nothing(both: Dual) -> None:
    (left,) = both.kept("ahead")
    (both.site.root / "state" / "ahead" / left.replace("-", "-0")).write_bytes(b"")
    assert flags(both) == READ
    assert both.is_equal()
    assert both.kept("ahead") == both.kept("pending") == []


@pytest.mark.parametrize("profile", DUAL)
@pytest.mark.parametrize("outage", [False, True])
def test_a_worker_killed_before_its_file_was_written_undoes_no_edit_of_another_program(
    site: Site, profile: str, outage: bool
) -> None:
    made = drafted(site, profile)
    made.append("m2")
    made.read()
    killed(lambda: _mark_read(site, profile, outage), files, "replace")
    made.put_back(made.old_copy().replace(b"draft", b"theirs"))
    assert _texts(made) == ["theirs", "text"]
    assert texts(noted(site)) == [("theirs", "draft")]
    assert made.is_equal()
    assert made.kept("ahead") == made.kept("pending") == []


@pytest.mark.parametrize("profile", DUAL)
def test_an_old_copy_over_what_a_dead_worker_added_is_known_for_one(site: Site, profile: str) -> None:
    made = drafted(site, profile)
    made.append("m2")
    made.read()
    old = made.old_copy()
    made.chain.apply(edit("sent", send_status="Y"))
    with dying(made.services.stores.database, "record"):
        made.chain.apply(MarkRead(DEP, "m2"))
    made.put_back(old)
    assert _texts(made) == ["sent", "text"]
    assert made.is_equal()


@pytest.mark.parametrize("done", [0, 1, 2])
@pytest.mark.parametrize("profile", DUAL)
def test_a_sync_killed_while_it_forgets_copies_leaves_none_that_speaks_against_what_came_behind_it(
    site: Site, profile: str, done: int
) -> None:
    made = drafted(site, profile)
    with away(made):
        for text in ("one", "two", "three"):
            made.chain.apply(edit(text))
    forget = Pending.forget
    killed(
        lambda: dual(site, profile, **QUICK).chain.read(DEP),
        Pending,
        "forget",
        lambda pending, copies: forget(pending, list(copies)[:done]),
    )
    assert len(made.kept("pending")) == 3 - done

    assert _texts(made) == ["three"]
    assert made.is_equal()
    assert made.kept("pending") == []
    assert noted(site) == logged_conflicts(site) == []


def _mark_read(site: Site, profile: str, outage: bool) -> None:
    worker = dual(site, profile, **QUICK)
    with away(worker) if outage else nullcontext():
        worker.chain.apply(MarkRead(DEP, "m2"))


def _texts(made: Dual) -> list[str | None]:
    return [m.message_text for m in made.chain.read(DEP).correspondence.messages]
