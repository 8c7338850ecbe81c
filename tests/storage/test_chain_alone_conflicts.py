"""What a change kept behind the move to `db-only` loses to the database is noted there and in the file, once."""

from functools import partial

import pytest
from support.dual import DEP, QUICK, away, drafted, dual, first_call, flags, logged_conflicts, noted
from support.site import Site

from service.changes import Tag


def test_flags_that_wait_and_were_overtaken_in_the_database_alone_are_noted(site: Site) -> None:
    both, alone = drafted(site, "dual-write-db-read"), dual(site, "db-only", **QUICK)
    with away(both):
        both.chain.apply(Tag(DEP, "m1", "Y", "Y", "Y"))
    alone.services.stores.database.apply(Tag(DEP, "m1", "N", "N", "N"))  # of a request that looked before the other waited

    assert flags(alone) == ("N", "N", "N")

    for found in (noted(site), logged_conflicts(site)):
        assert [(one["kept"]["action_reqd"], one["lost"]["action_reqd"]) for one in found] == [("N", "Y")]
    alone.read()
    assert len(noted(site)) == len(logged_conflicts(site)) == 1


def test_flags_that_another_process_brought_in_first_and_edited_then_are_no_conflict(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    both, alone, other = drafted(site, "dual-write-db-read"), dual(site, "db-only", **QUICK), dual(site, "db-only", **QUICK)
    with away(both):
        both.chain.apply(Tag(DEP, "m1", "Y", "Y", "Y"))
    edit = partial(other.chain.apply, Tag(DEP, "m1", "N", "N", "N"))
    first_call(alone.services.stores.database, "bring", monkeypatch, edit)

    assert flags(alone) == flags(other)

    assert noted(site) == logged_conflicts(site) == []
