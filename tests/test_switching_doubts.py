"""A gate does not believe a clock that is wrong, a file that it cannot read, a look at a part, nor a lost mark."""

import json
import os
from datetime import UTC, datetime, timedelta

import pytest
from support.command import msgmodule
from support.dual import DEP, dual
from support.gates import preflight
from support.site import Site

from service.errors import SwitchRefused
from service.storage.cif.lock import lock_of
from service.sync.sightings import Mismatches


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


def test_a_verify_that_found_nothing_to_compare_opens_no_gate(site: Site) -> None:
    site.app("dual-write-cif-read")
    msgmodule(site, "verify", "--all", profile="dual-write-cif-read")
    assert (site.root / "state" / "verify.json").exists()
    assert not preflight(site, "phase-2")[1]["verified"]["ok"]


def test_a_mismatch_while_a_verify_was_running_is_not_settled_by_it(ready: Site) -> None:
    ready.app("dual-write-cif-read")
    Mismatches(ready.root / "state").add(DEP, [])
    path = ready.root / "state" / "verify.json"
    kept = json.loads(path.read_text())
    kept["full"]["ended"] = (datetime.now(UTC) + timedelta(seconds=9)).isoformat()
    path.write_text(json.dumps(kept))
    assert not preflight(ready, "phase-2")[1]["no_shadow_mismatch"]["ok"]


def switch(site: Site, active: str, to: str) -> None:
    site.services(active).switching.switch(to, None, "because", "me")


def test_files_that_a_late_worker_left_behind_are_not_left_alone(ready: Site) -> None:
    ready.app("dual-write-cif-read")
    dual(ready, "db-only").append("late")
    lock_of(ready.file(DEP)).touch()
    with pytest.raises(SwitchRefused, match="files_complete"):
        switch(ready, "dual-write-cif-read", "cif-only")


def test_a_damaged_file_that_lacks_a_message_stops_the_way_back_though_its_mark_was_lost(ready: Site) -> None:
    """The mark of `db-only` need not outlive a power cut; the database's own flag does."""
    ready.app("dual-write-db-read")
    dual(ready, "db-only").append("late")
    (ready.root / "state" / "cif-behind" / DEP).unlink()
    ready.file(DEP).write_bytes(ready.file(DEP).read_bytes()[:-20])
    with pytest.raises(SwitchRefused, match="files_complete"):
        switch(ready, "dual-write-db-read", "dual-write-cif-read")
