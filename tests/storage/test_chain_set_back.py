"""What stands in a file as an edit of an outage found it is an old copy or was meant: the edit stays, both are noted."""

import pytest
from support.dual import DEP, QUICK, Dual, away, drafted, dual, first_call, flags, logged_conflicts, noted
from support.forked import killed
from support.site import DUAL, Site

from service.changes import MarkRead, Tag
from service.storage.cif import files
from service.storage.pending import Pending

EDITED = ("Y", "Y", "N")


@pytest.fixture(params=DUAL)
def both(request: pytest.FixtureRequest, site: Site) -> Dual:
    """A dual profile with the draft m1, which is unread, in both stores."""
    return drafted(site, str(request.param))


def logged(both: Dual) -> list[tuple[str, str]]:
    """Give the read flags, kept and lost, of the lines of the log."""
    return [(entry["kept"]["read_status"], entry["lost"]["read_status"]) for entry in logged_conflicts(both.site)]


def test_flags_that_another_program_set_back_in_an_outage_are_noted_when_it_is_over(both: Dual) -> None:
    old = both.old_copy()
    with away(both):
        both.chain.apply(MarkRead(DEP, "m1"))
        both.put_back(old)
        assert flags(both) == EDITED
        assert logged(both) == []

    assert flags(both) == EDITED
    assert flags(both) == EDITED

    assert both.is_equal()
    assert logged(both) == [("Y", "N")]
    assert [c["lost"]["read_status"] for c in noted(both.site)] == ["N"]


def test_flags_that_another_program_set_back_are_noted_where_a_change_of_the_outage_writes_over_them(both: Dual) -> None:
    old = both.old_copy()
    with away(both):
        both.chain.apply(MarkRead(DEP, "m1"))
        both.put_back(old)
        both.append("m2")
        both.append("m3")

    assert flags(both) == EDITED

    assert both.is_equal()
    assert logged(both) == [("Y", "N")]


def test_flags_that_we_set_back_ourselves_are_no_conflict(both: Dual) -> None:
    old = both.old_copy()
    with away(both):
        both.chain.apply(MarkRead(DEP, "m1"))
        both.chain.apply(Tag(DEP, "m1", "N", "Y", "N"))
        both.put_back(old)
        both.append("m2")

    assert flags(both) == ("N", "Y", "N")

    assert both.is_equal()
    assert logged(both) == []


def test_an_old_copy_that_took_a_message_too_was_not_meant(both: Dual) -> None:
    old = both.old_copy()
    with away(both):
        both.append("m2", has_new_id=True)
        both.chain.apply(MarkRead(DEP, "m1"))
        both.put_back(old)

    assert flags(both) == EDITED

    assert both.read() == ["m1", "m2"]
    assert logged(both) == []


def test_a_file_that_a_killed_writer_did_not_come_to_was_set_back_by_nobody(
    both: Dual,
) -> None:
    profile = both.services.settings.profile.name
    with away(both):
        killed(lambda: dual(both.site, profile, **QUICK).chain.apply(MarkRead(DEP, "m1")), files, "replace")
    assert len(both.kept("ahead")) == 1

    assert flags(both) == EDITED

    assert both.is_equal()
    assert logged(both) == []


@pytest.mark.parametrize("both", ["dual-write-cif-read"], indirect=True)
def test_under_cif_only_what_another_program_sets_back_is_noted_before_it_is_written_over(both: Dual) -> None:
    both.services.switching.start()
    old = both.old_copy()
    with away(both):
        both.chain.apply(MarkRead(DEP, "m1"))
        both.services.switching.switch("cif-only", None, "the database is down", "operator")
    alone = dual(both.site, "cif-only", **QUICK)
    alone.put_back(old)

    alone.append("m2")

    assert flags(alone) == EDITED
    assert logged(alone) == [("Y", "N")]


def test_what_another_worker_edits_between_two_looks_is_no_conflict(both: Dual, monkeypatch: pytest.MonkeyPatch) -> None:
    other = dual(both.site, both.services.settings.profile.name, **QUICK)
    both.append("m2")
    both.read()
    with away(both, other):
        for action in ("N", "Y", "N"):
            both.chain.apply(Tag(DEP, "m1", "N", action, "N"))
        first_call(Pending, "of", monkeypatch, lambda: other.chain.apply(Tag(DEP, "m1", "N", "Y", "Y")))
        both.chain.apply(Tag(DEP, "m2", "N", "N", "N"))

    assert flags(both) == ("N", "Y", "Y")

    assert both.is_equal()
    assert logged(both) == []
