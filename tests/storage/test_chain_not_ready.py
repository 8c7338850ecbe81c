"""A database without its tables is an outage for the dual profiles: the file is written, and the rows follow."""

from pathlib import Path

import pytest
from support.dual import dual
from support.site import DUAL, make_site


@pytest.mark.parametrize("profile", DUAL)
def test_a_message_written_before_the_database_has_its_tables_reaches_it(
    tmp_path: Path, database_url: str, profile: str
) -> None:
    site = make_site(tmp_path, database_url)
    both = dual(site, profile)

    assert both.append("m1").stores == {"cif": "written", "database": "behind"}
    assert both.append("m2").stores == {"cif": "written", "database": "behind"}
    assert both.read() == ["m1", "m2"]
    assert len(both.kept("pending")) == 2

    site.initialise()
    assert both.read() == ["m1", "m2"]
    assert both.is_equal()
    assert both.kept("pending") == []
