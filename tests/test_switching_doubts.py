"""A gate does not believe a clock that is wrong, nor a file that it cannot read."""

import json
import os
from datetime import UTC, datetime, timedelta

import pytest
from support.dual import DEP
from support.gates import preflight
from support.site import Site


def test_a_verify_of_tomorrow_speaks_for_nothing(ready: Site) -> None:
    path = ready.root / "state" / "verify.json"
    kept = json.loads(path.read_text())
    kept["full"]["began"] = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    path.write_text(json.dumps(kept))
    assert not preflight(ready, "dual-write-db-read", profile="dual-write-cif-read")[1]["verified"]["ok"]


def test_a_file_that_may_not_be_read_closes_the_gate(ready: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    ask, file = os.access, ready.file(DEP)
    monkeypatch.setattr(os, "access", lambda path, *_, **__: path != file and ask(path, os.R_OK))  # root may read everything
    check = preflight(ready, "dual-write-db-read", profile="dual-write-cif-read")[1]["archive_in_database"]
    assert not check["ok"]
    assert "cannot be read" in check["found"]
