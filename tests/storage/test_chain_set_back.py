"""In an outage another program sets back what we changed: seen by a message that its file holds, and then no old copy."""

import pytest
from support.dual import DEP, QUICK, Dual, away, drafted, dual, flags, noted
from support.site import DUAL, Site

from service.changes import MarkRead

UNREAD, READ = ("N", "Y", "N"), ("Y", "Y", "N")
_STATUS = b"_pdbx_deposition_message_status.read_status"


@pytest.fixture(params=DUAL)
def profile(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def made(site: Site, profile: str) -> Dual:
    return drafted(site, profile)


def _set_back(made: Dual) -> None:
    lines = made.old_copy().splitlines(keepends=True)
    made.put_back(b"".join(line.replace(b"Y", b"N") if line.startswith(_STATUS) else line for line in lines))


def test_the_answers_of_an_outage_follow_and_both_values_are_noted_behind_it(made: Dual, profile: str) -> None:
    with away(made):
        made.chain.apply(MarkRead(DEP, "m1"))
        made.append("m3", has_new_id=True)
        _set_back(made)
        assert flags(made) == UNREAD

    assert flags(made) == (UNREAD if profile == "dual-write-cif-read" else READ)
    assert sorted(note[side]["read_status"] for note in noted(made.site) for side in ("kept", "lost")) == ["N", "Y"]
    assert made.is_equal()


def test_a_later_change_under_the_files_alone_leaves_it_as_it_is(made: Dual) -> None:
    with away(made):
        made.chain.apply(MarkRead(DEP, "m1"))
    alone = dual(made.site, "cif-only", **QUICK)
    alone.append("m3")
    _set_back(made)

    alone.append("m4")

    assert flags(alone) == UNREAD


def test_an_old_copy_from_before_the_edit_still_hides_nothing(made: Dual) -> None:
    old = made.old_copy()
    with away(made):
        made.chain.apply(MarkRead(DEP, "m1"))
        made.append("m3", has_new_id=True)
        made.put_back(old)
        assert flags(made) == READ

    assert flags(made) == READ
    assert noted(made.site) == []
