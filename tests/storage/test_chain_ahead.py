"""A change on its way from the file to the database is known to all who come between: none of them is undone by it."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from support.dual import DEP, QUICK, Dual, away, dual, first_call, flags, noted
from support.site import DUAL, Site
from support.world import dying

from service.changes import MarkRead, Tag
from service.errors import DatabaseUnavailable, FileUnavailable, StoreUnavailable
from service.storage.base import Applied
from service.storage.cif.lock import lock_of
from service.storage.pending import Pending

UNREAD = ("N", "Y", "N")
BACK = Tag(DEP, "m1", *UNREAD)
READ = MarkRead(DEP, "m1")


@pytest.fixture(params=DUAL)
def both(request: pytest.FixtureRequest, site: Site) -> Dual:
    """A dual profile with a message that is not read, in both stores."""
    made = dual(site, request.param, **QUICK)
    made.append("m1")
    made.chain.apply(BACK)
    made.read()
    assert made.is_equal()
    return made


def never() -> None:
    raise DatabaseUnavailable("Lost connection to server during query")


def late() -> None:
    """Let it come late."""


def meets(both: Dual, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], object], then: Callable[[], None]) -> None:
    """Mark the message read, and let things happen before that reaches the database, where it ever does."""

    def before() -> None:
        meanwhile()
        then()

    first_call(both.services.stores.database, "record", monkeypatch, before)
    both.chain.apply(READ)


def dies_behind_bringing(third: Dual, method: str) -> None:
    """Let a worker bring in what it finds, and die before it says so to the others."""
    with dying(Pending, method):
        third.read()


def is_settled(both: Dual) -> bool:
    """Tell whether a look leaves both stores equal, and nothing kept."""
    both.read()
    return both.is_equal() and both.kept("ahead") == both.kept("pending") == []


@pytest.mark.parametrize("then", [never, late])
@pytest.mark.parametrize("profile", ["cif-only", "dual-write-cif-read", "dual-write-db-read", "db-only"])
def test_flags_that_another_saw_and_set_back_are_not_made_again(
    both: Dual, monkeypatch: pytest.MonkeyPatch, profile: str, then: Callable[[], None]
) -> None:
    other = dual(both.site, profile, **QUICK)

    def meanwhile() -> None:
        assert flags(other) == ("Y", "Y", "N")
        other.chain.apply(BACK)

    meets(both, monkeypatch, meanwhile, then)
    assert flags(both) == UNREAD
    assert is_settled(both)
    assert noted(both.site) == []


def test_flags_set_back_by_a_server_whose_clock_is_behind_are_the_later_ones(
    both: Dual, monkeypatch: pytest.MonkeyPatch
) -> None:
    other: Any = dual(both.site, both.services.settings.profile.name, **QUICK).chain
    seen, now = other.settle(DEP), time.time_ns()
    monkeypatch.setattr(other, "settle", lambda _: seen)  # its look came before the other's file was written

    def meanwhile() -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(time, "time_ns", lambda: now - 10**9)
            other.apply(BACK)

    meets(both, monkeypatch, meanwhile, late)
    assert flags(both) == UNREAD
    assert is_settled(both)


@pytest.mark.parametrize("is_written", [True, False])
def test_a_copy_that_is_found_before_its_file_is_written(
    both: Dual, monkeypatch: pytest.MonkeyPatch, *, is_written: bool
) -> None:
    third = dual(both.site, both.services.settings.profile.name, **QUICK)

    def meanwhile() -> None:
        third.read()
        if not is_written:
            raise FileUnavailable("No space left on device")

    first_call(both.services.stores.cif, "_replace", monkeypatch, meanwhile)
    if is_written:
        both.chain.apply(READ)
    else:
        with pytest.raises(StoreUnavailable, match="not known"):
            both.chain.apply(READ)
    assert flags(both) == ("Y", "Y", "N")
    assert is_settled(both)


def test_an_edit_that_cannot_be_kept_is_not_written_to_its_file(both: Dual) -> None:
    ahead, before = both.site.root / "state" / "ahead", both.old_copy()
    aside = ahead.rename(both.site.root / "aside")
    ahead.symlink_to(both.site.root / "nowhere" / "at all")
    if both.services.settings.profile.name == "dual-write-db-read":
        assert both.chain.apply(READ).stores == {"cif": "behind", "database": "written"}
    else:
        with pytest.raises(FileUnavailable, match="ahead"):
            both.chain.apply(READ)
    assert both.old_copy() == before
    ahead.unlink()
    aside.rename(ahead)
    assert is_settled(both)


def test_a_change_whose_file_is_not_written_leaves_no_copy(both: Dual, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise FileUnavailable("No space left on device")

    first_call(both.services.stores.cif, "_replace", monkeypatch, full)
    with away(both), pytest.raises(StoreUnavailable):
        both.chain.apply(READ)
    assert both.kept("ahead") == both.kept("pending") == []
    assert flags(both) == UNREAD


def test_a_change_under_the_files_alone_is_kept_behind_one_that_a_sync_brings_in_meanwhile(
    both: Dual, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone, third = dual(both.site, "cif-only", **QUICK), dual(both.site, both.services.settings.profile.name, **QUICK)
    write = alone.services.stores.cif.write

    def written(*given: Any) -> Applied:
        applied = write(*given)
        third.read()
        return applied

    def meanwhile() -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(alone.services.stores.cif, "write", written)
            alone.chain.apply(BACK)

    meets(both, monkeypatch, meanwhile, late)
    assert flags(both) == UNREAD
    assert is_settled(both)


def test_what_a_worker_brought_in_that_died_there_is_not_made_behind_a_later_change(
    both: Dual, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, third = (dual(both.site, both.services.settings.profile.name, **QUICK) for _ in range(2))

    def meanwhile() -> None:
        meets(both, monkeypatch, lambda: dies_behind_bringing(third, "forget"), never)

    first_call(other.services.stores.cif, "write", monkeypatch, meanwhile)
    other.chain.apply(BACK)
    assert flags(both) == UNREAD
    assert is_settled(both)


def test_what_a_worker_brought_into_the_database_alone_is_not_made_behind_a_later_change(
    both: Dual, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone, third = (dual(both.site, "db-only", **QUICK) for _ in range(2))

    def meanwhile() -> None:
        meets(both, monkeypatch, lambda: dies_behind_bringing(third, "keep_on"), never)

    first_call(alone.services.stores.database, "apply", monkeypatch, meanwhile)
    alone.chain.apply(BACK)
    assert flags(alone) == UNREAD
    assert flags(both) == UNREAD
    assert is_settled(both)


@pytest.mark.parametrize("both", ["dual-write-db-read"], indirect=True)
def test_the_database_alone_takes_no_change_of_a_row_of_which_an_earlier_one_is_on_its_way(
    both: Dual, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = dual(both.site, "dual-write-db-read", **QUICK)
    lock = lock_of(both.file())
    lock.touch()

    def meanwhile() -> None:
        lock.unlink()
        meets(both, monkeypatch, lock.touch, never)

    first_call(other.services.stores.database, "apply", monkeypatch, meanwhile)
    with pytest.raises(FileUnavailable):
        other.chain.apply(Tag(DEP, "m1", "N", "N", "Y"))
    assert both.kept("cif-behind") == []
    lock.unlink()
    assert flags(both) == ("Y", "Y", "N")
    assert is_settled(both)


def test_a_folder_of_copies_that_cannot_be_listed_is_named_and_nothing_is_written(both: Dual) -> None:
    ahead = both.site.root / "state" / "ahead"
    ahead.rmdir()
    ahead.write_text("no folder")
    for refused in (lambda: both.chain.apply(READ), both.read):
        with pytest.raises(StoreUnavailable, match=str(ahead)):
            refused()
    ahead.unlink()
    assert flags(both) == UNREAD
    assert is_settled(both)
