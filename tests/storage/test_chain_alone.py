"""A request that began before the move to `db-only` may keep a change behind it: the database alone has that too."""

from typing import Any

import pytest
from support.command import msgmodule
from support.dual import DEP, QUICK, Dual, dual, first_call, flags
from support.site import Site

from service.changes import MarkRead, Tag
from service.errors import CommitUnknown, DatabaseUnavailable, NotFound, StoreUnavailable
from service.storage.markers import Markers


@pytest.fixture
def behind_the_switch(site: Site, monkeypatch: pytest.MonkeyPatch) -> tuple[Dual, Dual]:
    """A message and a flag that requests of `dual-write-db-read` kept after the move to `db-only`: chains of both."""
    both, alone = dual(site, "dual-write-db-read", **QUICK), dual(site, "db-only", **QUICK)
    for message_id in ("m1", "m2"):
        both.append(message_id)
        both.chain.apply(Tag(DEP, message_id, "N", "Y", "N"))
    both.read()
    both.services.switching.start()
    assert msgmodule(site, "verify", "--all").returncode == 0

    def move() -> None:
        both.services.switching.switch("db-only", None, "planned", "operator")

    def record(*_: object) -> None:
        raise DatabaseUnavailable("Lost connection to server during query")

    first_call(both.services.stores.cif, "write", monkeypatch, move)
    with monkeypatch.context() as patch:
        patch.setattr(both.services.stores.database, "record", record)
        assert both.chain.apply(MarkRead(DEP, "m1")).stores["database"] == "behind"
        patch.setattr(both.services.stores.database, "state", record)
        assert both.append("m3").stores["database"] == "behind"
    assert both.services.switching.active().profile == "db-only"
    return both, alone


def test_the_database_alone_has_what_a_request_of_the_profile_before_kept(behind_the_switch: tuple[Dual, Dual]) -> None:
    both, alone = behind_the_switch
    assert alone.read() == ["m1", "m2", "m3"]
    assert flags(alone) == ("Y", "Y", "N")
    assert both.is_equal() is False  # the files are for the way back
    assert both.read() == ["m1", "m2", "m3"]
    assert both.is_equal()


def test_a_change_of_the_database_alone_finds_what_a_request_of_the_profile_before_kept(
    behind_the_switch: tuple[Dual, Dual],
) -> None:
    both, alone = behind_the_switch
    alone.chain.apply(Tag(DEP, "m1", "Y", "N", "N"))
    assert flags(alone) == ("Y", "N", "N")
    assert alone.append("m3").delta.repeated
    both.services.switching.switch("dual-write-db-read", None, "back", "operator")
    assert flags(both) == ("Y", "N", "N")
    assert both.is_equal()
    assert both.kept("pending") == []


def test_reconcile_brings_what_a_request_of_the_profile_before_kept_into_the_database_alone(
    behind_the_switch: tuple[Dual, Dual],
) -> None:
    both, alone = behind_the_switch
    assert msgmodule(both.site, "reconcile", "--all", profile="db-only").returncode == 0
    assert [m.message_id for m in alone.in_database().messages] == ["m1", "m2", "m3"]


def test_a_repeat_whose_first_try_was_not_answered_marks_the_files(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    both, alone = dual(site, "dual-write-db-read", **QUICK), dual(site, "db-only", **QUICK)
    apply = alone.services.stores.database.apply

    def lost(*given: Any) -> None:
        apply(*given)
        raise CommitUnknown("the answer never comes")

    with monkeypatch.context() as patch:
        patch.setattr(alone.services.stores.database, "apply", lost)
        with pytest.raises(CommitUnknown):
            alone.append("m1")
    assert alone.append("m1").delta.repeated
    assert both.kept("cif-behind") == [DEP]


def test_a_change_that_cannot_be_marked_is_not_made(site: Site) -> None:
    alone = dual(site, "db-only", **QUICK)
    alone.append("m1")
    marks = site.root / "state" / "cif-behind"
    marks.rename(site.root / "aside")
    marks.write_text("no folder")
    with pytest.raises(StoreUnavailable, match="cif-behind"):
        alone.append("m2")
    marks.unlink()
    (site.root / "aside").rename(marks)
    assert alone.read() == ["m1"]


def test_a_change_that_is_refused_leaves_no_mark(site: Site) -> None:
    with pytest.raises(NotFound):
        dual(site, "db-only", **QUICK).chain.apply(MarkRead(DEP, "m1"))
    assert Markers(site.root / "state").depositions() == ()
