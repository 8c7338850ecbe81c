"""A mark that a file lacks something outlives a sync that did not bring it."""

import pytest
from support.dual import QUICK, away, dual, first_call
from support.site import DUAL, Site
from support.world import dying

from service.errors import StaleAnswerRefused
from service.storage.markers import Markers


@pytest.mark.parametrize("profile", DUAL)
def test_a_sync_takes_no_mark_away_for_a_file_that_lacks_what_a_dying_writer_committed(
    site: Site, monkeypatch: pytest.MonkeyPatch, profile: str
) -> None:
    both, alone = dual(site, profile, **QUICK), dual(site, "db-only", **QUICK)
    both.append("before")
    alone.append("m1")

    def meanwhile() -> None:
        with dying(Markers, "set"):
            alone.append("m2")

    first_call(both.services.stores.database, "bring", monkeypatch, meanwhile)
    assert both.read() == ["before", "m1", "m2"]
    with away(both), pytest.raises(StaleAnswerRefused):
        both.read()
    assert both.read() == ["before", "m1", "m2"]
    assert both.is_equal()
