"""An archive goes into the database and out into new files, and the legacy class reads the same in the old and the new.

`make round-trip DEPOSITIONS=2000` takes a larger archive than the test run does.
"""

import json
import os
from pathlib import Path

from generate_archive import Odd, generate
from support import legacy
from support.command import msgmodule
from support.site import make_site

COUNT = int(os.environ.get("ROUND_TRIP", "24"))


def rows_of(path: Path) -> dict[str, list[dict[str, str]]]:
    """Give the rows of each category that a file has, decoded as the legacy display does; an empty file has none."""
    if not path.exists() or not path.stat().st_size:
        return {}
    return {name: rows for name in legacy.CATEGORIES if (rows := legacy.rows(path, name))}


def test_an_archive_goes_into_the_database_and_out_again_equal_row_by_row(tmp_path: Path, database_url: str) -> None:
    site, out = make_site(tmp_path / "site", database_url), tmp_path / "out"
    site.initialise()
    generate(site.root / "data", COUNT, odd=Odd(damaged=0, empty=10))
    old = sorted((site.root / "data").rglob("*.cif.V1"))

    for command in (("import", "--all"), ("export", "--all", "--output-dir", str(out)), ("verify", "--all", "--json")):
        done = msgmodule(site, *command)
        assert done.returncode == 0, done.stdout + done.stderr
    verified = json.loads(done.stdout)

    compared = 0
    for path in old:
        rows = rows_of(path)
        assert rows_of(out / path.parent.name / path.name) == rows
        compared += sum(map(len, rows.values()))
    assert compared > 100 * COUNT
    assert (verified["compared"], verified["equal"]) == (COUNT, COUNT), verified
    assert {path.name for path in out.rglob("*.V1")} <= {path.name for path in old}
