"""The real legacy files as every profile serves them: complete, and the same field by field."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support import legacy
from support.site import DEPOSITION, LEGACY, PROFILES, Site, make_site

DEPOSITIONS = (DEPOSITION, "D_9000277853")


@pytest.fixture
def archive(tmp_path: Path, database_url: str) -> Site:
    """A site with the legacy files in both stores, on each kind of database."""
    if not LEGACY.is_dir():
        pytest.skip(f"the legacy files are not at {LEGACY}")
    made = make_site(tmp_path, database_url, legacy=True)
    made.initialise()
    made.import_all()
    return made


def listed(site: Site, profile: str, deposition: str) -> dict[str, Any]:
    """List a deposition under a profile, in an archive where nothing was decided before."""
    (site.root / "state" / "profile.json").unlink(missing_ok=True)
    answer = site.client(site.app(profile)).get(f"/api/v1/depositions/{deposition}/messages")
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json or {}
    return body


@pytest.mark.parametrize("profile", PROFILES)
def test_every_row_of_the_legacy_files_is_served(archive: Site, profile: str) -> None:
    body = listed(archive, profile, DEPOSITION)
    messages = body["messages"]

    assert Counter(m["content_type"] for m in messages) == {
        "messages-to-depositor": 6,
        "messages-from-depositor": 1,
        "notes-from-annotator": 3,
    }
    assert sum(len(m["files"]) for m in messages) == 37
    assert sum(len(m["original"]) for m in messages) == 1
    assert sum(m["status"] is not None for m in messages) == 6
    assert body["next"] is None
    assert body["unverified"] is False
    assert body["served_by"] == ("database" if profile in PROFILES[2:] else "cif")


@pytest.mark.parametrize("deposition", DEPOSITIONS)
def test_all_profiles_answer_alike_field_by_field(archive: Site, deposition: str) -> None:
    before = archive.files()
    answers = {profile: listed(archive, profile, deposition)["messages"] for profile in PROFILES}

    for profile in PROFILES[1:]:
        assert answers[profile] == answers["cif-only"], profile
    assert answers["cif-only"]
    assert archive.files() == before


def test_one_message_is_the_same_alone_as_in_the_list(archive: Site) -> None:
    client = archive.client(archive.app("db-only"))
    for message in listed(archive, "db-only", DEPOSITION)["messages"]:
        alone = client.get(f"/api/v1/depositions/{DEPOSITION}/messages/{message['message_id']}")
        assert alone.json == message
        assert alone.headers["X-Served-By"] == "database"


def test_an_id_in_lower_case_names_the_same_deposition(archive: Site) -> None:
    assert listed(archive, "cif-only", DEPOSITION.lower()) == listed(archive, "cif-only", DEPOSITION)


def test_the_summary_is_the_same_under_every_profile(archive: Site) -> None:
    found = []
    for profile in PROFILES:
        (archive.root / "state" / "profile.json").unlink(missing_ok=True)
        answer = archive.client(archive.app(profile)).get(f"/api/v1/depositions/{DEPOSITION}/summary")
        body = dict(answer.json or {})
        assert body.pop("served_by") == ("database" if profile in PROFILES[2:] else "cif")
        found.append(body)
    assert all(body == found[0] for body in found)
    assert found[0]["num_notes_records"] == 3


def test_a_message_that_a_legacy_program_called_by_a_name_of_its_own_is_read_and_marked(site: Site) -> None:
    client, url, name = site.client(site.app("cif-only")), f"/api/v1/depositions/{DEPOSITION}/messages", "by hand: 2019"
    assert client.post(url, json={"message_text": "t"}).status_code == 201
    legacy.append(site.file(DEPOSITION), message_id=name, message_subject="s", message_text="t")
    assert client.post(f"{url}/{name}/read", json={}).status_code == 200
    message = client.get(f"{url}/{name}").json or {}
    assert (message["message_id"], message["status"]["read_status"]) == (name, "Y")
