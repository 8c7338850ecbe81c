"""Answers that did not change: a tag tells them, 304 saves them, and no change of any store or program is missed by it."""

import pytest
from flask.testing import FlaskClient
from support import legacy
from support.site import DEPOSITION, DUAL, PROFILES, Site

from service.changes import AppendMessage
from service.messages import Message
from service.vocabulary import TO_DEPOSITOR

PATHS = [f"/api/v1/depositions/{DEPOSITION}/{rest}" for rest in ("messages", "summary", "messages?limit=3")]


@pytest.fixture(params=PROFILES)
def client(request: pytest.FixtureRequest, legacy_site: Site) -> FlaskClient:
    legacy_site.import_all()
    client = legacy_site.client(legacy_site.app(request.param))
    client.get(PATHS[0])
    return client


def send(client: FlaskClient) -> None:
    body = {"content_type": "notes-from-annotator", "message_subject": "s", "message_text": "t", "sender": "a@b.org"}
    assert client.post(PATHS[0], json=body).status_code == 201


@pytest.mark.parametrize("path", PATHS)
def test_an_unchanged_answer_is_not_sent_again_to_who_has_it(client: FlaskClient, path: str) -> None:
    first, again = client.get(path), client.get(path)
    assert (first.data, first.get_etag()) == (again.data, again.get_etag())
    assert first.headers["Cache-Control"] == "private, no-cache"
    unchanged = client.get(path, headers={"If-None-Match": f'"{first.get_etag()[0]}"'})
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    assert unchanged.headers["X-Served-By"] == first.headers["X-Served-By"]


@pytest.mark.parametrize("path", PATHS)
def test_a_change_makes_another_answer_with_another_tag(client: FlaskClient, path: str) -> None:
    first = client.get(path)
    send(client)
    client.get(path)
    tag = f'"{first.get_etag()[0]}"'
    after = client.get(path, headers={"If-None-Match": tag})
    assert after.status_code == 200
    assert after.get_etag() != first.get_etag()


def test_one_tag_belongs_to_one_address(client: FlaskClient) -> None:
    whole, part = client.get(PATHS[0]), client.get(PATHS[2])
    assert len(whole.data) > len(part.data)
    assert client.get(PATHS[0]).data == whole.data


@pytest.mark.parametrize("profile", [PROFILES[0], *DUAL])
def test_what_a_legacy_program_wrote_is_never_hidden_by_a_tag(legacy_site: Site, profile: str) -> None:
    legacy_site.import_all()
    client = legacy_site.client(legacy_site.app(profile))
    client.get(PATHS[0])
    tag = client.get(PATHS[0]).get_etag()[0]
    file = legacy_site.file(DEPOSITION)
    legacy.append(file, message_id="L", message_subject="s", message_text="t")
    found = client.get(PATHS[0], headers={"If-None-Match": f'"{tag}"'})
    assert found.status_code == 200
    assert "L" in [m["message_id"] for m in found.get_json()["messages"]]


def test_without_a_token_a_tag_opens_nothing(client: FlaskClient) -> None:
    tag = client.get(PATHS[0]).get_etag()[0]
    closed = client.application.test_client()
    assert closed.get(PATHS[0], headers={"If-None-Match": f'"{tag}"'}).status_code == 401


def test_what_nobody_can_vouch_for_has_no_tag(legacy_site: Site) -> None:
    away = Site(legacy_site.root, "mysql://nobody@127.0.0.1:1/nowhere")
    answer = away.client(away.app("dual-write-cif-read")).get(PATHS[0])
    assert answer.get_json()["unverified"] is True
    assert answer.get_etag() == (None, None)


def test_an_id_with_a_question_mark_is_another_address_than_a_query(site: Site) -> None:
    for message_id, text in (("abc", "first"), ("abc?", "second")):
        message = Message(TO_DEPOSITOR, None, message_id, DEPOSITION, "2026-01-02 03:04:05", message_text=text)
        site.services("cif-only").stores.cif.apply(AppendMessage(DEPOSITION, message))
    client = site.client(site.app("cif-only"))
    for _ in range(2):
        for address, text in (("abc??", "first"), ("abc%3F", "second")):
            assert (client.get(f"/api/v1/depositions/{DEPOSITION}/messages/{address}").json or {})["message_text"] == text


def test_a_query_that_is_no_text_is_the_mistake_of_the_caller(legacy_site: Site) -> None:
    client = legacy_site.client(legacy_site.app("cif-only"))
    assert client.get(PATHS[0], environ_overrides={"QUERY_STRING": "q=\xff"}).status_code == 400
