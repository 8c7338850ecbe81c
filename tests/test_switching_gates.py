"""Every gate of every move: it is made to close, and the refusal is seen with its remedy in command, API and exit code."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from support import legacy
from support.command import DOWN as AWAY
from support.command import msgmodule
from support.dual import DEP, dual
from support.gates import DOWN, UP, preflight
from support.site import DUAL, PROFILES, Site

from service.sync.sightings import ForeignWrites, Mismatches

OLD = (datetime.now(UTC) - timedelta(hours=25)).isoformat()


def age_verify(site: Site) -> None:
    path = site.root / "state" / "verify.json"
    kept = json.loads(path.read_text())
    kept["full"]["began"] = OLD
    path.write_text(json.dumps(kept))


def differ(site: Site) -> None:
    """Have a verify find a file that is not the recorded one; then put that file back."""
    path = site.file(DEP)
    stat, data = path.stat(), path.read_bytes()
    path.write_bytes(data.replace(b"data_messages", b"data_other"))
    assert msgmodule(site, "verify", "--all").returncode == 1
    path.write_bytes(data)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def damage(site: Site) -> None:
    path = site.file(DEP)
    path.write_bytes(path.read_bytes()[:-20])
    assert msgmodule(site, "verify", "--all").returncode == 1


def lose_verify(site: Site) -> None:
    (site.root / "state" / "verify.json").unlink()


def add_unknown(site: Site) -> None:
    new = site.file("D_1000000777")
    new.parent.mkdir()
    new.write_bytes(site.file(DEP).read_bytes())


def lag(site: Site) -> None:
    folder = site.root / "state" / "workers"
    folder.mkdir(exist_ok=True)
    worker = {"host": "elsewhere", "pid": 1, "epoch": 0, "seen": OLD, "breaker": "off", "failures": 0, "changed": None}
    (folder / "lagging.json").write_text(json.dumps(worker))


def open_breaker(site: Site) -> None:
    folder = site.root / "state" / "workers"
    folder.mkdir(exist_ok=True)
    worker = {"host": "elsewhere", "pid": 1, "epoch": 9, "seen": OLD, "breaker": "open", "failures": 5, "changed": OLD}
    (folder / "elsewhere-1.json").write_text(json.dumps(worker))


def lose_tree(site: Site) -> None:
    site.archive.rename(site.root / "data" / "gone")


def lock_file(site: Site) -> None:
    """Have a change that the file lacks and cannot take."""
    found = dual(site, "db-only")
    found.append("late")
    site.file(DEP).with_name(site.file(DEP).name + ".lock").touch()


def lose_kept(site: Site) -> None:
    """Have an acknowledged change that waits for the database, erased by an old copy in a file that cannot be written."""
    old = site.file(DEP).read_bytes()
    dual(Site(site.root, AWAY), "dual-write-cif-read").append("kept")
    site.file(DEP).write_bytes(old)
    site.file(DEP).with_name(site.file(DEP).name + ".lock").touch()


def mismatch(site: Site) -> None:
    Mismatches(site.root / "state").add(DEP, [])


def foreign_write(site: Site) -> None:
    legacy.append(site.file(DEP), message_id="foreign", message_subject="s", message_text="t")
    assert "foreign" in dual(site, "dual-write-db-read").read()
    assert msgmodule(site, "verify", "--all").returncode == 0


Fault = Callable[[Site], None]
GATES: list[tuple[tuple[str, str], str, Fault, str]] = [
    (UP[0], "cif_usable", lose_tree, "cif_root"),
    *((move, "drained", lag, "state_dir/workers") for move in UP + DOWN),
    *(
        (move, "verified", fault, "msgmodule verify --all")
        for move in UP[1:]
        for fault in (age_verify, differ, damage, lose_verify)
    ),
    *((move, "archive_in_database", add_unknown, "msgmodule import --all") for move in UP[1:]),
    *((move, "none_behind", lock_file, "msgmodule reconcile --all") for move in UP[1:]),
    (UP[1], "cif_usable", lose_tree, "cif_root"),
    (UP[1], "breaker_closed", open_breaker, "closes its breaker"),
    (UP[1], "no_shadow_mismatch", mismatch, "mismatches.jsonl"),
    (UP[2], "files_quiet", foreign_write, "quiet_period"),
    (DOWN[2], "cif_usable", lose_tree, "cif_root"),
    (DOWN[1], "files_complete", lock_file, "msgmodule reconcile --all"),
    (DOWN[0], "kept_in_files", lose_kept, "stands in the way"),
]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that lags in these tests does so for ever."""
    monkeypatch.setattr("service.switching.DRAIN", 0.0)


@pytest.mark.parametrize(
    ("move", "name", "fault", "remedy"), GATES, ids=[f"{m[0]}-to-{m[1]} {n} {f.__name__}" for m, n, f, _ in GATES]
)
def test_a_gate_that_closes_is_told_everywhere_with_its_remedy(
    ready: Site, move: tuple[str, str], name: str, fault: Fault, remedy: str
) -> None:
    active, to = move
    app = ready.app(active, MSGMODULE_LOCK_TIMEOUT="0.1")
    client = ready.client(app)
    fault(ready)
    code, checks = preflight(ready, to)
    assert (code, checks[name]["ok"]) == (1, False), checks
    assert remedy in checks[name]["remedy"]
    body = client.get(f"/admin/profile/preflight?to={to}").json or {}
    assert not next(check for check in body["checks"] if check["name"] == name)["ok"]

    done = msgmodule(ready, "profile", "switch", to, "--reason", "r", MSGMODULE_LOCK_TIMEOUT="0.1")
    assert (done.returncode, done.stdout) == (1, "")
    assert name in done.stderr
    assert remedy in done.stderr
    told = refused(client, to)
    assert told[name]["remedy"] == checks[name]["remedy"]
    restarted = msgmodule(ready, "run", profile=to, MSGMODULE_LOCK_TIMEOUT="0.1")
    assert restarted.returncode == 2
    assert name in restarted.stderr
    assert active_profile(ready) == (active, 1)
    results = [json.loads(line).get("result") for line in (ready.root / "state" / "audit.jsonl").read_text().splitlines()]
    assert results == [None, "refused", "refused", "refused"]


def refused(client: FlaskClient, to: str) -> dict[str, Any]:
    answer = client.post("/admin/profile", json={"to": to, "expected_epoch": 1, "reason": "r"})
    assert answer.status_code == 409, answer.text
    return {check["name"]: check for check in (answer.json or {})["error"]["details"]["checks"]}


def active_profile(site: Site) -> tuple[str, int]:
    body = json.loads((site.root / "state" / "profile.json").read_text())
    return body["profile"], body["epoch"]


@pytest.mark.parametrize(("active", "to"), UP + DOWN)
def test_a_site_that_is_ready_passes_every_gate(ready: Site, active: str, to: str) -> None:
    ready.app(active)
    before = ready.files()
    code, checks = preflight(ready, to)
    assert code == 0, checks
    dry = msgmodule(ready, "profile", "switch", to, "--dry-run")
    assert (dry.returncode, active_profile(ready)) == (0, (active, 1))
    assert ready.files() == before
    assert len((ready.root / "state" / "audit.jsonl").read_text().splitlines()) == 1
    assert msgmodule(ready, "profile", "switch", to, "--reason", "r").returncode == 0
    assert active_profile(ready) == (to, 2)


def test_only_the_next_profiles_are_asked_about(ready: Site) -> None:
    client = ready.client(ready.app("cif-only"))
    code, checks = preflight(ready, "db-only")
    assert (code, list(checks)) == (1, ["adjacent"])
    assert "dual-write-cif-read" in checks["adjacent"]["remedy"]
    assert msgmodule(ready, "profile", "preflight", "nonsense").returncode == 2
    for to in ("nonsense", ""):
        assert client.get(f"/admin/profile/preflight?to={to}").status_code == 422
    assert client.get("/admin/profile/preflight?to=phase-1").status_code == 200


@pytest.mark.parametrize("profile", DUAL)
def test_a_preflight_changes_nothing_where_something_is_behind(ready: Site, profile: str) -> None:
    ready.app(profile)
    dual(ready, "db-only").append("late")
    before = ready.files()
    for to in PROFILES[PROFILES.index(profile) - 1], PROFILES[PROFILES.index(profile) + 1]:
        assert preflight(ready, to)[0] == 1
        assert ready.files() == before


def test_a_quiet_period_that_is_over_lets_the_files_be_left(ready: Site) -> None:
    ready.app("dual-write-db-read")
    foreign_write(ready)
    assert ForeignWrites(ready.root / "state").last() is not None
    assert preflight(ready, "db-only")[0] == 1
    assert preflight(ready, "db-only", MSGMODULE_QUIET_PERIOD="0")[0] == 0


def test_a_mismatch_before_the_verify_is_settled_by_it(ready: Site) -> None:
    ready.app("dual-write-cif-read")
    mismatch(ready)
    assert not preflight(ready, "phase-2")[1]["no_shadow_mismatch"]["ok"]
    assert msgmodule(ready, "verify", "--all").returncode == 0
    assert preflight(ready, "phase-2")[0] == 0


def test_a_mismatch_whose_line_a_crash_cut_short_counts_like_any_other(ready: Site) -> None:
    ready.app("dual-write-cif-read")
    mismatch(ready)
    log = ready.root / "state" / "mismatches.jsonl"
    log.write_bytes(log.read_bytes()[:-20])
    assert not preflight(ready, "phase-2")[1]["no_shadow_mismatch"]["ok"]
    assert msgmodule(ready, "verify", "--all").returncode == 0
    assert preflight(ready, "phase-2")[0] == 0


@pytest.mark.parametrize("how", ["import", "read"])
def test_a_deposition_that_another_program_makes_closes_the_gate_as_its_changes_do(ready: Site, how: str) -> None:
    client = ready.client(ready.app("dual-write-db-read"))
    add_unknown(ready)
    if how == "read":
        assert client.get("/api/v1/depositions/D_1000000777/messages").status_code == 200
    assert msgmodule(ready, "import", "--all", profile="dual-write-db-read").returncode == 0
    assert msgmodule(ready, "verify", "--all").returncode == 0
    code, checks = preflight(ready, "db-only")
    assert (code, "D_1000000777" in checks["files_quiet"]["found"]) == (1, True)
