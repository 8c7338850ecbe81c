"""The two open routes: alive, and able to answer reads under the active profile."""

import pytest
from support.site import PROFILES, Site

DOWN = "mysql://nobody@127.0.0.1:1/nowhere"


@pytest.mark.parametrize("profile", PROFILES)
def test_a_service_whose_stores_are_there_is_alive_and_ready(site: Site, profile: str) -> None:
    client = site.app(profile).test_client()
    assert client.get("/healthz").json == {"status": "alive"}
    assert client.get("/readyz").json == {"status": "ready", "profile": profile}


@pytest.mark.parametrize(("profile", "status"), list(zip(PROFILES, (200, 200, 200, 503), strict=True)))
def test_without_a_database_readiness_follows_what_can_be_read(site: Site, profile: str, status: int) -> None:
    site.app(profile)
    client = Site(site.root, DOWN).app(profile).test_client()
    answer = client.get("/readyz")
    assert answer.status_code == status
    assert client.get("/healthz").status_code == 200
    if status == 503:
        error = (answer.json or {})["error"]
        assert (error["code"], "db-only" in error["message"]) == ("store_unavailable", True)
        assert DOWN not in answer.text
        assert answer.headers["Retry-After"]


@pytest.mark.parametrize(("profile", "status"), list(zip(PROFILES, (503, 503, 200, 200), strict=True)))
def test_without_the_files_readiness_follows_what_can_be_read(site: Site, profile: str, status: int) -> None:
    client = site.app(profile).test_client()
    site.archive.rmdir()
    assert client.get("/readyz").status_code == status
    assert client.get("/healthz").status_code == 200
    assert not site.archive.exists()


def test_readiness_follows_a_switch(site: Site) -> None:
    app = site.app("cif-only")
    body = {"to": "dual-write-cif-read", "expected_epoch": 1, "reason": "r"}
    site.client(site.app("cif-only")).post("/admin/profile", json=body)
    assert (app.test_client().get("/readyz").json or {})["profile"] == "dual-write-cif-read"


def test_a_damaged_file_of_the_active_profile_makes_it_unready_and_not_dead(site: Site) -> None:
    client = site.app("cif-only").test_client()
    (site.root / "state" / "profile.json").write_text("{")
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200
