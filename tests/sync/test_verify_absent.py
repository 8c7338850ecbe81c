"""A verify of a deposition that one side does not know tells what is lost of it, though that be no row."""

import shutil
from pathlib import Path

import pytest
from support.dual import DEP, QUICK, Dual, away, dual, verifier
from support.site import DUAL, Site

from service.errors import DatabaseUnavailable
from service.sync.verify import Finding, Outcome

BEYOND = b"data_D_1000000001\n#\n_pdbx_audit.colour   blue\n#\n"


@pytest.fixture(params=DUAL)
def both(request: pytest.FixtureRequest, site: Site) -> Dual:
    """A dual profile beside a file that holds no row of ours."""
    made = dual(site, request.param, **QUICK)
    made.file().parent.mkdir()
    made.file().write_bytes(BEYOND)
    return made


def look(both: Dual) -> Finding:
    return verifier(both).look(DEP)


def test_what_a_file_holds_beyond_the_categories_is_told_where_the_database_does_not_know_it(both: Dual) -> None:
    finding = look(both)
    assert finding.outcome is Outcome.MISSING_IN_DATABASE
    assert any("pdbx_audit" in what for what in finding.beyond)


def test_a_file_without_rows_that_is_gone_with_its_directory_is_missing(both: Dual, tmp_path: Path) -> None:
    both.read()
    assert look(both).outcome is Outcome.EQUAL
    shutil.move(both.file().parent, tmp_path / "gone")
    assert look(both).outcome is Outcome.MISSING_IN_FILES


def test_a_database_that_goes_away_ends_the_verify(both: Dual) -> None:
    both.read()
    with away(both), pytest.raises(DatabaseUnavailable):
        list(verifier(both).run([DEP]))
