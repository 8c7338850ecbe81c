"""Health beyond the stores: what stands in their way, each with the limit it passed."""

import errno
import json
import os
import time
from typing import Any

import pytest
from flask.testing import FlaskClient
from support import mariadb
from support.site import Site, make_site

from service.errors import DatabaseUnavailable
from service.services import services_of
from service.storage.database.engine import PoolUse
from service.storage.guard import GuardedDatabase

URL = "/api/v1/depositions/D_1000000042/messages"
DOWN = "mysql://nobody@127.0.0.1:1/nowhere"


def checks(client: FlaskClient) -> dict[str, Any]:
    return {c["name"]: c for c in (client.get("/admin/health").json or {})["checks"]}


@pytest.mark.mariadb
def test_a_packet_limit_below_the_largest_message_is_found_with_the_remedy(site: Site) -> None:
    with mariadb.fresh_database() as url:
        other = make_site(site.root / "other", url)
        other.initialise()
        app = other.app("dual-write-cif-read", MSGMODULE_MAX_MESSAGE_BYTES=str(2**31))
        packet = checks(other.client(app))["database_packet"]
        assert not packet["ok"]
        assert "raise max_allowed_packet" in packet["found"]
        assert checks(other.client(other.app("dual-write-cif-read")))["database_packet"]["ok"]


def test_a_breaker_that_is_open_in_another_process_is_found(site: Site) -> None:
    client = site.client(site.app("dual-write-cif-read"))
    assert checks(client)["circuit_breaker"]["ok"]
    [mine] = (site.root / "state" / "workers").iterdir()
    entry = json.loads(mine.read_text()) | {
        "pid": os.getppid(),
        "breaker": "open",
        "failures": 5,
        "changed": "2026-01-02T03:04:05+00:00",
    }
    (mine.parent / "other.json").write_text(json.dumps(entry))
    breaker = checks(client)["circuit_breaker"]
    assert not breaker["ok"]
    there = (
        f"open at {entry['host']} {os.getppid()} (seen {entry['seen']}), last change 2026-01-02T03:04:05+00:00, failures 5"
    )
    assert breaker["found"].startswith("closed here, never changed, failures 0; ")
    assert there in breaker["found"]


def test_an_open_breaker_of_ours_is_told_to_other_processes(site: Site) -> None:
    site.app("dual-write-cif-read")
    down = Site(site.root, DOWN)
    client = down.client(down.app("dual-write-cif-read", MSGMODULE_BREAKER_FAIL_MAX="1"))
    for _ in range(2):
        client.post(URL, json={"message_text": "t"})
    [mine] = (site.root / "state" / "workers").iterdir()
    told = json.loads(mine.read_text())
    assert (told["breaker"], told["failures"], str(told["changed"])[:2]) == ("open", 1, "20")


def test_a_closed_breaker_shows_when_it_last_changed_and_the_failures_since(site: Site) -> None:
    app = site.app("dual-write-cif-read", MSGMODULE_BREAKER_FAIL_MAX="2", MSGMODULE_BREAKER_RESET_TIMEOUT="0.001")
    guard = services_of(app).stores.database.guard
    assert guard is not None
    for _ in range(2):
        with pytest.raises(DatabaseUnavailable), guard.admitted():
            raise DatabaseUnavailable("down")
    client = site.client(app)
    checks(client)
    found = checks(client)["circuit_breaker"]
    assert (found["ok"], guard.state) == (True, "closed")
    assert found["found"] == f"closed here, last change {guard.changed}, failures 0"


def test_a_store_that_has_long_been_behind_fails(site: Site) -> None:
    site.app("dual-write-cif-read")
    down = Site(site.root, DOWN)
    client = down.client(down.app("dual-write-cif-read"))
    client.post(URL, json={"message_text": "t"})
    assert checks(client)["database_behind"]["ok"]
    [kept] = (site.root / "state" / "pending" / "D_1000000042").iterdir()
    kept.rename(kept.with_name(f"{int((time.time() - 900) * 1e9):020d}-{kept.name.partition('-')[2]}"))
    behind = checks(client)["database_behind"]
    assert not behind["ok"]
    assert behind["found"].startswith("1 depositions, the oldest for 9")


def test_an_old_lock_of_another_program_is_named(site: Site) -> None:
    client = site.client(site.app("cif-only", MSGMODULE_LOCK_TIMEOUT="0.05"))
    client.post(URL, json={"message_text": "t"})
    file = site.file("D_1000000042")
    lock = file.with_name(f"{file.name}.lock")
    lock.touch()
    client.post(URL, json={"message_text": "t"})
    assert checks(client)["foreign_locks"]["ok"]
    os.utime(lock, (time.time() - 400, time.time() - 400))
    locks = checks(client)["foreign_locks"]
    assert not locks["ok"]
    assert str(lock) in locks["found"]


def test_a_worker_that_lags_is_named(site: Site) -> None:
    client = site.client(site.app("cif-only"))
    [mine] = (site.root / "state" / "workers").iterdir()
    late = json.loads(mine.read_text()) | {"host": "elsewhere", "epoch": 0, "seen": "2999-01-01T00:00:00+00:00"}
    (mine.parent / "other.json").write_text(json.dumps(late))
    workers = checks(client)["workers"]
    assert not workers["ok"]
    assert "elsewhere" in workers["found"]


def test_depositions_without_a_folder_for_the_depositors_are_counted(site: Site) -> None:
    client = site.client(site.app("cif-only"))
    for deposition in ("D_1", "D_2", "G_1000001"):
        folder = "autogroup" if deposition.startswith("G") else "archive"
        (site.root / "data" / folder / deposition).mkdir()
    (site.root / "data" / "deposit" / "D_2").mkdir()
    assert checks(client)["mirrors"]["found"].startswith("1 depositions")


def test_a_tree_that_may_not_be_listed_fails_a_check_and_neither_the_report_nor_the_metrics(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, listed = site.client(site.app("cif-only")), os.scandir

    def refusing(path: Any) -> Any:
        if path == site.archive:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return listed(path)

    monkeypatch.setattr("service.storage.cif.paths.os.scandir", refusing)
    mirrors = checks(client)["mirrors"]
    assert not mirrors["ok"]
    assert f"{site.archive}: Permission denied" in mirrors["found"]
    metrics = client.get("/admin/metrics")
    assert metrics.status_code == 200
    assert "messaging_depositions{" not in metrics.text


def test_a_pool_that_is_used_up_fails(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    client = site.client(site.app("db-only"))
    assert checks(client)["database_pool"]["found"] == "0 of 16 connections of this process in use"
    monkeypatch.setattr(GuardedDatabase, "pool_use", lambda _: PoolUse(16, 16))
    assert not checks(client)["database_pool"]["ok"]


def test_a_full_disk_and_missing_memory_fail(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    client = site.client(site.app("cif-only"))
    monkeypatch.setattr("service.vitals.os.statvfs", lambda _: os.statvfs_result((1, 1, 100, 4, 4, 100, 4, 4, 0, 255)))
    monkeypatch.setattr("service.vitals.free_memory", lambda: 0.01)
    found = checks(client)
    assert [found[name]["ok"] for name in ("disk_space", "inodes", "memory")] == [False, False, False]
    assert "cif_root 4.0%" in found["disk_space"]["found"]


def test_the_flags_are_those_of_the_active_profile_each_with_its_origin(site: Site) -> None:
    client = site.client(site.app("db-only", MSGMODULE_CONNECTION_POOLING="false"))
    found = checks(client)
    told = found["feature_flags"]["found"].split("; ")
    for flag, word in {"database_writes": "enabled", "database_reads": "enabled", "cif_writes": "disabled"}.items():
        assert f"{flag}_enabled {word} (profile db-only)" in told
    assert told[4:] == ["circuit_breaker enabled (default)", "connection_pooling disabled (environment)"]
    assert found["database_pool"]["found"] == "connections are not kept"
