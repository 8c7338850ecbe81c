"""Health over HTTP: every check is made by using the store, a failure is a 503, and nothing is left behind."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from support.site import PROFILES, Site, make_site

DATABASE = {"database_schema", "database_probe", "database_packet", "database_pool", "circuit_breaker", "database_behind"}
FILES = {"cif_probe", "foreign_locks", "cif_behind", "mirrors"}
ALWAYS = {"workers", "tokens", "disk_space", "inodes", "memory", "feature_flags"}
CHECKS = {
    "cif-only": FILES | ALWAYS,
    "dual-write-cif-read": DATABASE | FILES | ALWAYS,
    "dual-write-db-read": DATABASE | FILES | ALWAYS,
    "db-only": DATABASE | ALWAYS,
}


def health(client: FlaskClient) -> tuple[int, dict[str, Any]]:
    answer = client.get("/admin/health")
    return answer.status_code, answer.json or {}


def failed(client: FlaskClient) -> dict[str, str]:
    """Give what the failing checks found."""
    status, body = health(client)
    assert (status, body["ok"]) == (503, False)
    return {c["name"]: c["found"] for c in body["checks"] if not c["ok"]}


def tables(path: Path) -> dict[str, list[Any]]:
    with sqlite3.connect(path) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names}  # noqa: S608
    connection.close()
    return found


@pytest.mark.parametrize("profile", PROFILES)
def test_each_store_of_the_profile_is_used_and_timed(site: Site, profile: str) -> None:
    status, body = health(site.client(site.app(profile)))
    assert (status, body["ok"], body["profile"], body["epoch"]) == (200, True, profile, 1)
    assert {c["name"] for c in body["checks"]} == CHECKS[profile]
    assert all(c["milliseconds"] >= 0 and c["limit"] and c["found"] for c in body["checks"])


def test_probes_leave_nothing_behind(site: Site, tmp_path: Path) -> None:
    client = site.client(site.app("dual-write-db-read"))
    url = "/api/v1/depositions/D_1/messages"
    client.post(url, json={"message_text": "t"})
    before = site.files(), tables(tmp_path / "messages.db"), sorted((site.root / "data").rglob("*"))
    for _ in range(3):
        assert health(client)[0] == 200
        assert client.get("/readyz").status_code == 200
    assert (site.files(), tables(tmp_path / "messages.db"), sorted((site.root / "data").rglob("*"))) == before


def test_a_missing_tree_is_found_and_not_made(site: Site) -> None:
    client = site.client(site.app("cif-only"))
    site.archive.rmdir()
    status, _ = health(client)
    assert not site.archive.exists()
    assert status == 503
    assert client.get("/api/v1/depositions/D_1/messages").status_code == 503


def test_a_database_that_is_down_is_found(site: Site) -> None:
    down = Site(site.root, "mysql://nobody@127.0.0.1:1/nowhere")
    for profile in PROFILES[1:3]:
        (site.root / "state" / "profile.json").unlink(missing_ok=True)
        site.app(profile)
        assert set(failed(down.client(down.app(profile)))) == {"database_schema", "database_probe", "database_packet"}


def test_a_database_without_its_schema_is_found_with_the_remedy(tmp_path: Path) -> None:
    made = make_site(tmp_path, f"sqlite:///{tmp_path}/empty.db")
    found = failed(made.client(made.app("dual-write-cif-read")))
    assert "msgmodule db" in found["database_schema"]
    assert "database_probe" in found


def test_an_open_breaker_is_found(site: Site) -> None:
    site.app("dual-write-cif-read")
    down = Site(site.root, "mysql://nobody@127.0.0.1:1/nowhere")
    client = down.client(down.app("dual-write-cif-read", MSGMODULE_BREAKER_FAIL_MAX="1"))
    failed(client)
    assert failed(client)["circuit_breaker"].startswith("open here, last change 20")
    assert 'messaging_breaker_state{breaker="database"} 2.0' in client.get("/admin/metrics").text


def test_another_database_under_the_same_name_is_found(site: Site, tmp_path: Path) -> None:
    app = site.app("dual-write-db-read")
    assert health(site.client(app))[0] == 200
    (tmp_path / "other").mkdir()
    other = make_site(tmp_path / "other", f"sqlite:///{tmp_path}/other.db")
    other.initialise()
    swapped = Site(site.root, other.database_url)
    assert "adopt" in failed(swapped.client(swapped.app("dual-write-db-read")))["database_probe"]
