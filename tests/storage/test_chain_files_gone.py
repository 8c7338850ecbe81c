"""Files that are gone as a whole: a directory that the database has comes back, a tree that is away is told."""

import shutil

import pytest
from support.dual import DEP, QUICK, drafted, dual
from support.site import DUAL, Site

from service.errors import FileUnavailable


@pytest.mark.parametrize("profile", DUAL)
def test_a_directory_that_vanished_comes_back_at_the_next_access(site: Site, profile: str) -> None:
    made = drafted(site, profile)
    shutil.rmtree(site.archive / DEP)
    assert made.read() == ["m1"]
    assert made.is_equal()
    assert made.file().exists()


@pytest.mark.parametrize("profile", DUAL)
def test_a_deposition_that_the_database_does_not_know_is_a_503_while_the_tree_is_away(site: Site, profile: str) -> None:
    made = dual(site, profile, **QUICK)
    site.archive.rename(site.root / "unmounted")
    with pytest.raises(FileUnavailable):
        made.read()
