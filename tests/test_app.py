"""The application: two of them in one process, or over one site, do not disturb each other."""

from pathlib import Path

import pytest
from support.site import DEPOSITION, PROFILES, Site, make_site

from service.app import create_app
from service.errors import SwitchRefused

URL = f"/api/v1/depositions/{DEPOSITION}/messages"


def another(tmp_path: Path) -> Site:
    made = make_site(tmp_path / "other", f"sqlite:///{tmp_path}/other.db")
    made.initialise()
    return made


def test_two_applications_of_one_process_are_independent(site: Site, tmp_path: Path) -> None:
    other = another(tmp_path)
    first, second = (s.client(s.app("dual-write-db-read")) for s in (site, other))
    assert first.post(URL, json={"message_text": "mine"}).status_code == 201
    assert second.get(URL).status_code == 404
    assert second.post(URL, json={"message_text": "yours"}).status_code == 201
    texts = [[m["message_text"] for m in (c.get(URL).json or {})["messages"]] for c in (first, second)]
    assert texts == [["mine"], ["yours"]]
    body = {"to": "dual-write-cif-read", "expected_epoch": 1, "reason": "r"}
    assert first.post("/admin/profile", json=body).status_code == 200
    assert (second.get("/admin/profile").json or {})["profile"] == "dual-write-db-read"
    assert f'route="{"/api/v1/depositions/<dep>/messages"}"' in second.get("/admin/metrics").text
    assert "messaging_profile_epoch 1.0" in second.get("/admin/metrics").text
    assert "messaging_profile_epoch 2.0" in first.get("/admin/metrics").text


def test_a_token_of_one_site_is_nothing_at_another(site: Site, tmp_path: Path) -> None:
    client = another(tmp_path).app("cif-only").test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {site.token()}"
    assert client.get(URL).status_code == 401


def test_cif_only_opens_no_connection_to_the_database(tmp_path: Path) -> None:
    made = make_site(tmp_path, "mysql://nobody@127.0.0.1:1/nowhere")
    client = made.client(made.app("cif-only"))
    assert client.post(URL, json={"message_text": "t"}).status_code == 201
    assert client.get(URL).status_code == 200
    assert client.get("/admin/health").status_code == 200
    assert client.get("/readyz").status_code == 200


def test_the_service_without_the_admin_serves_no_admin(site: Site) -> None:
    client = site.client(create_app(site.settings("cif-only")))
    assert client.get("/admin/profile").status_code == 404
    assert client.get("/admin/metrics").status_code == 404
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("profile", PROFILES)
def test_starting_writes_nothing_into_the_tree(legacy_site: Site, profile: str) -> None:
    legacy_site.import_all()
    before = legacy_site.files()
    legacy_site.app(profile)
    assert legacy_site.files() == before


@pytest.mark.parametrize("profile", PROFILES[2:])
def test_a_first_start_over_an_archive_the_database_never_saw_is_refused(legacy_site: Site, profile: str) -> None:
    with pytest.raises(SwitchRefused, match="msgmodule import --all") as refused:
        legacy_site.app(profile)
    assert "2 depositions" in refused.value.message
    assert not (legacy_site.root / "state" / "profile.json").exists()
    legacy_site.import_all()
    assert legacy_site.client(legacy_site.app(profile)).get(URL).status_code == 200
