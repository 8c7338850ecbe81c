"""Of several edits of one row that are kept the last one stands, whatever another program put between them."""

import pytest
from support.dual import DEP, QUICK, Dual, away, drafted, dual, edit, flags, logged_conflicts, noted
from support.site import DUAL, Site

from service.changes import MarkRead, Tag
from service.storage.cif.lock import lock_of


@pytest.fixture(params=DUAL)
def both(request: pytest.FixtureRequest, site: Site) -> Dual:
    """A dual profile with the draft m1 and its flags N, Y, N in both stores."""
    return drafted(site, str(request.param))


def text(both: Dual) -> str | None:
    return both.chain.read(DEP).correspondence.messages[0].message_text


def test_an_edit_of_what_another_program_wrote_in_an_outage_outlives_an_old_copy(both: Dual) -> None:
    old = both.old_copy()
    with away(both):
        both.chain.apply(edit("first"))
        both.put_back(both.old_copy().replace(b"first", b"theirs"))
        both.chain.apply(edit("last"))
        both.put_back(old)
        assert text(both) == "last"
        both.append("m2", has_new_id=True)
        assert b"last" in both.old_copy()
    assert text(both) == "last"
    assert both.is_equal()


def test_flags_that_we_set_back_and_then_set_in_the_database_alone_are_no_conflict(both: Dual) -> None:
    with away(both):
        both.chain.apply(Tag(DEP, "m1", "N", "N", "Y"))
        both.chain.apply(Tag(DEP, "m1", "N", "Y", "N"))
    dual(both.site, "db-only", **QUICK).chain.apply(Tag(DEP, "m1", "N", "N", "N"))

    assert flags(both) == ("N", "N", "N")

    assert both.is_equal()
    assert noted(both.site) == logged_conflicts(both.site) == []


@pytest.mark.parametrize("both", ["dual-write-db-read"], indirect=True)
def test_flags_set_in_the_files_alone_stand_over_those_that_only_the_file_lacked(both: Dual) -> None:
    old = both.old_copy()
    with away(both):
        both.chain.apply(Tag(DEP, "m1", "N", "N", "Y"))
    both.put_back(old)
    lock_of(both.file()).touch()
    both.chain.read(DEP)
    both.chain.apply(Tag(DEP, "m1", "N", "Y", "N"))
    lock_of(both.file()).unlink()
    alone = dual(both.site, "cif-only", **QUICK)
    alone.chain.apply(MarkRead(DEP, "m1"))
    both.put_back(old)

    assert flags(alone) == flags(both) == ("Y", "N", "Y")

    assert both.is_equal()
    assert both.kept("pending") == []
