"""Another program is told by what it took away, too; and a deposition that began in an outage is no other program's."""

import pytest
from support.dual import DEP, QUICK, away, drafted, dual, is_sighted
from support.site import DUAL, Site


@pytest.mark.parametrize("profile", DUAL)
def test_an_old_copy_that_adds_nothing_is_told(site: Site, profile: str) -> None:
    both = drafted(site, profile)
    old = both.old_copy()
    both.append("m2")
    both.put_back(old)
    assert both.read() == ["m1", "m2"]
    assert is_sighted(both)


@pytest.mark.parametrize("profile", DUAL)
def test_a_deposition_that_began_in_an_outage_is_ours(site: Site, profile: str) -> None:
    both = dual(site, profile, **QUICK)
    with away(both):
        both.append("m1")
    assert both.read() == ["m1"]
    assert both.is_equal()
    assert not is_sighted(both)


def test_a_deposition_that_appears_where_the_database_has_all_is_told(site: Site) -> None:
    both = drafted(site, "dual-write-db-read")
    other = site.file("D_1000000777")
    other.parent.mkdir()
    other.write_bytes(both.old_copy().replace(DEP.encode(), b"D_1000000777"))
    assert len(both.chain.read("D_1000000777").correspondence.messages) == 1
    assert is_sighted(both)
