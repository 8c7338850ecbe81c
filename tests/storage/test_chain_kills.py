"""Workers that are killed at any step of the dual write lose nothing; `make torture` kills more of them."""

from pathlib import Path

import pytest
from support import mariadb
from torture import torture


@pytest.mark.mariadb
def test_killed_workers_lose_no_acknowledged_change(tmp_path: Path) -> None:
    with mariadb.fresh_database() as url:
        assert torture(tmp_path, url, 30, seed=1) > 30
