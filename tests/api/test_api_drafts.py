"""Drafts over HTTP: four fields change, a message already sent does not."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from support import legacy
from support.site import Site
from werkzeug.test import TestResponse

DEPOSITION = "D_1000000042"
URL = f"/api/v1/depositions/{DEPOSITION}/messages"
PAST = "2020-01-01 00:00:00"
DRAFT = {
    "message_id": "draft",
    "parent_message_id": "elsewhere",
    "sender": "JD",
    "context_type": "vldtn",
    "context_value": "own",
    "message_subject": "first",
    "message_text": "first text",
    "send_status": "N",
}


@pytest.fixture(params=["dual-write-cif-read", "db-only"])
def client(request: pytest.FixtureRequest, site: Site) -> FlaskClient:
    """A client of a profile of each store, with a message and a draft behind it."""
    found = site.client(site.app(request.param))
    assert found.post(URL, json={"message_id": "sent", "message_text": "row 0"}).status_code == 201
    assert found.post(URL, json=DRAFT).status_code == 201
    return found


def message(answer: TestResponse) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    body = answer.json or {}
    found: dict[str, Any] = body.get("message", body)
    return found


def test_an_edit_changes_the_named_fields_and_the_time_alone(client: FlaskClient) -> None:
    before = message(client.get(f"{URL}/draft"))
    row_0 = message(client.get(f"{URL}/sent"))
    edited = message(client.patch(f"{URL}/draft", json={"message_text": "second Ångström"}))

    assert edited == before | {"message_text": "second Ångström", "timestamp": edited["timestamp"]}
    assert message(client.get(f"{URL}/draft")) == edited
    assert message(client.get(f"{URL}/sent")) == row_0


def test_sending_a_draft_keeps_its_text_and_closes_it(client: FlaskClient) -> None:
    sent = message(client.patch(f"{URL}/draft", json={"send_status": "Y"}))
    assert (sent["send_status"], sent["message_text"], sent["message_subject"]) == ("Y", "first text", "first")
    for edits in ({"message_text": "late"}, {"send_status": "N"}, {}):
        answer = client.patch(f"{URL}/draft", json=edits)
        assert answer.status_code == 409
        assert "draft" in (answer.json or {})["error"]["message"]
    assert message(client.get(f"{URL}/draft")) == sent


def test_a_subject_can_be_taken_away(client: FlaskClient) -> None:
    assert message(client.patch(f"{URL}/draft", json={"message_subject": None}))["message_subject"] is None
    assert message(client.get(f"{URL}/draft"))["message_subject"] is None


def test_an_unknown_message_is_not_found_and_nothing_else_is_changed(client: FlaskClient) -> None:
    before = client.get(URL).json
    for name in ("unknown", "0", "1", "DRAFT"):
        answer = client.patch(f"{URL}/{name}", json={"message_text": "x"})
        assert answer.status_code == 404
        assert name in (answer.json or {})["error"]["message"]
    assert client.patch(URL.replace(DEPOSITION, "D_1000000077") + "/draft", json={"message_text": "x"}).status_code == 404
    assert client.get(URL).json == before


@pytest.mark.parametrize(
    ("edits", "field"),
    [
        ({"sender": "me"}, "sender"),
        ({"send_status": None}, "send_status"),
        ({"message_text": 1}, "message_text"),
        ({"message_text": "a\x00"}, "message_text"),
        ({"message_subject": "\x00"}, "message_subject"),
    ],
)
def test_what_an_edit_may_not_hold_is_refused_naming_the_field(
    client: FlaskClient, edits: dict[str, Any], field: str
) -> None:
    before = client.get(URL).json
    answer = client.patch(f"{URL}/draft", json=edits)
    assert answer.status_code == 422
    assert [f["field"] for f in (answer.json or {})["error"]["details"]["fields"]] == [field]
    assert client.get(URL).json == before


def test_an_edited_draft_gets_the_time_of_the_edit(site: Site) -> None:
    client = site.client(site.app("dual-write-cif-read"))
    client.post(URL, json=DRAFT | {"message_id": "first"})
    legacy.append(
        site.file(DEPOSITION), message_id="old", timestamp=PAST, send_status="N", message_subject="s", message_text="t"
    )
    edited = message(client.patch(f"{URL}/old", json={"message_text": "new"}))
    assert edited["timestamp"] > PAST
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", edited["timestamp"])
    assert legacy.rows(site.file(DEPOSITION))[1]["message_text"] == "new"


def test_a_draft_that_is_a_note_is_edited_in_the_file_of_the_notes(site: Site) -> None:
    client = site.client(site.app("dual-write-db-read"))
    client.post(URL, json=DRAFT | {"content_type": "notes-from-annotator"})
    assert message(client.patch(f"{URL}/draft", json={"message_text": "new"}))["content_type"] == "notes-from-annotator"
    assert [row["message_text"] for row in legacy.rows(site.file(DEPOSITION, "notes-from-annotator"))] == ["new"]
