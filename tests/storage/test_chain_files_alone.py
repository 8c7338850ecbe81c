"""The files alone, while changes wait for the database: what is acknowledged behind those is kept to last as well."""

import shutil

import pytest
from support.dual import DEP, QUICK, Dual, away, drafted, dual, edit
from support.site import DUAL, Site

from service.changes import Tag


@pytest.fixture(params=DUAL)
def both(request: pytest.FixtureRequest, site: Site) -> Dual:
    return drafted(site, str(request.param))


def test_an_edit_behind_one_that_waits_outlives_a_power_cut(both: Dual) -> None:
    with away(both):
        both.chain.apply(edit("first"))
    dual(both.site, "cif-only", **QUICK).chain.apply(edit("last"))
    shutil.rmtree(both.site.root / "state" / "ahead")  # nothing there was made to last

    assert both.chain.read(DEP).correspondence.messages[0].message_text == "last"
    assert both.is_equal()


def test_a_repeat_behind_one_that_waits_outlives_an_old_copy(both: Dual) -> None:
    alone, old = dual(both.site, "cif-only", **QUICK), both.old_copy()
    alone.append("m2")
    with away(both):
        both.chain.apply(Tag(DEP, "m1", "N", "N", "Y"))
    assert alone.append("m2").delta.repeated
    both.put_back(old)

    assert alone.read() == both.read() == ["m1", "m2"]
    assert both.is_equal()
