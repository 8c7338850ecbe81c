"""A gate does not believe a clock that is wrong, a file that it cannot read, nor a look at a part."""

import json
import os
from datetime import UTC, datetime, timedelta

import pytest
from support.command import msgmodule
from support.dual import DEP, dual
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


def test_a_sample_does_not_stand_for_a_full_verify_and_spoils_one_when_it_differs(ready: Site) -> None:
    ready.app("dual-write-cif-read")
    path = ready.file(DEP)
    kept = path.read_bytes()
    path.write_bytes(kept.replace(b"text", b"tixt"))
    assert msgmodule(ready, "verify", "--all", "--sample", "1").returncode == 1
    path.write_bytes(kept)
    dual(ready, "dual-write-cif-read").read()
    _, checks = preflight(ready, "phase-2")
    assert "1 depositions were found to differ since" in checks["verified"]["found"]
    (ready.root / "state" / "verify.json").unlink()
    assert msgmodule(ready, "verify", "--all", "--sample", "1").returncode == 0
    assert preflight(ready, "phase-2")[1]["verified"]["found"] == "no full verify was made of this database"
