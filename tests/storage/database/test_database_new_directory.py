"""A database that is one file is made with the directory it is named in."""

from pathlib import Path

from support.dual import dual
from support.site import make_site


def test_a_new_database_gets_its_directory(tmp_path: Path) -> None:
    site = make_site(tmp_path, f"sqlite:///{tmp_path}/new/deeper/messages.db")
    site.initialise()
    made = dual(site, "db-only")
    made.append("m1")
    assert made.read() == ["m1"]
