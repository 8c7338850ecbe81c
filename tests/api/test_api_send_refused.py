"""Requests that are refused: each names what is wrong, and nothing is written."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.error import HTTPError

import pytest
from flask.testing import FlaskClient
from support.server import Server
from support.site import Site
from werkzeug.test import TestResponse

DEPOSITION = "D_1000000042"
URL = f"/api/v1/depositions/{DEPOSITION}/messages"
TEXT = {"message_text": "t"}
FILE = {"content_type": "model-annotate", "content_format": "pdbx"}
Post = Callable[..., TestResponse]


@pytest.fixture
def post(site: Site) -> Iterator[Post]:
    """Post to a site; when the test is over, neither store may hold anything."""
    client: FlaskClient = site.client(site.app("dual-write-db-read", MSGMODULE_MAX_MESSAGE_BYTES="2000"))

    def posted(**more: Any) -> TestResponse:
        return client.post(URL, **more)

    yield posted
    assert site.files() == {}
    assert client.get(URL).status_code == 404


def fields(answer: TestResponse) -> list[dict[str, Any]]:
    assert answer.status_code == 422, answer.text
    assert (answer.json or {})["error"]["code"] == "invalid_input"
    return list((answer.json or {})["error"]["details"]["fields"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "message_text"),
        ({"message_text": None}, "message_text"),
        ({"message_text": 1}, "message_text"),
        (TEXT | {"message_subject": ["s"]}, "message_subject"),
        (TEXT | {"subject": "s"}, "subject"),
        (TEXT | {"timestamp": "2026-01-01 00:00:00"}, "timestamp"),
        (TEXT | {"ordinal_id": 7}, "ordinal_id"),
        (TEXT | {"deposition_data_set_id": DEPOSITION}, "deposition_data_set_id"),
        (TEXT | {"send_status": "y"}, "send_status"),
        (TEXT | {"content_type": "mail"}, "content_type"),
        (TEXT | {"message_type": "mail"}, "message_type"),
        (TEXT | {"message_id": ""}, "message_id"),
        (TEXT | {"message_id": "a b"}, "message_id"),
        (TEXT | {"message_id": "x" * 65}, "message_id"),
        (TEXT | {"message_id": "ab\n"}, "message_id"),
        (TEXT | {"parent_message_id": "?"}, "parent_message_id"),
        (TEXT | {"files": {}}, "files"),
        (TEXT | {"files": [{"content_type": "x"}]}, "files.0.content_format"),
        (TEXT | {"files": [FILE, FILE | {"version_id": True}]}, "files.1.version_id"),
        (TEXT | {"files": [FILE | {"version_id": 0}]}, "files.0.version_id"),
        (TEXT | {"files": [FILE | {"partition_number": 1.5}]}, "files.0.partition_number"),
        (TEXT | {"files": [FILE | {"size": 1}]}, "files.0.size"),
        (TEXT | {"original": "mail"}, "original"),
        (TEXT | {"original": {"orig_date": "2026"}}, "original.orig_date"),
    ],
)
def test_a_field_that_breaks_the_schema_is_named(post: Post, body: dict[str, Any], field: str) -> None:
    assert [f["field"] for f in fields(post(json=body))] == [field]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (lambda text: {"message_text": text}, "message_text"),
        (lambda text: TEXT | {"message_subject": text}, "message_subject"),
        (lambda text: TEXT | {"sender": text}, "sender"),
        (lambda text: TEXT | {"context_type": text}, "context_type"),
        (lambda text: TEXT | {"files": [FILE, FILE | {"upload_file_name": text}]}, "files.1.upload_file_name"),
        (lambda text: TEXT | {"message_type": "archive", "original": {"orig_sender": text}}, "original.orig_sender"),
    ],
)
def test_a_nul_is_named_with_its_field_and_place(post: Post, body: Callable[[str], dict[str, Any]], field: str) -> None:
    [found] = fields(post(json=body("abc\x00d")))
    assert (found["field"], found["position"], found["character"]) == (field, 3, "U+0000")


def test_each_character_no_file_can_carry_is_named(post: Post) -> None:
    for character in "\x01\x1b\x85\ufdd0\ufffe\U0010ffff\ud800":
        [found] = fields(post(json={"message_text": f"é{character}"}))
        assert (found["position"], found["character"]) == (1, f"U+{ord(character):04X}")


@pytest.mark.parametrize("body", [b"{", b"", b"\xff", b"[1]", b'"text"', b"null", b"1", b"[" * 1500])
def test_a_body_that_is_no_json_object_is_malformed(post: Post, body: bytes) -> None:
    answer = post(data=body, content_type="application/json")
    assert answer.status_code == (422 if body == b"" else 400)
    assert (answer.json or {})["error"]["code"] == ("invalid_input" if body == b"" else "malformed_request")


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        ({"message_text": "t"}, None),
        ({"message_text": "t"}, "multipart/form-data"),
        (b'{"message_text": "t"}', "text/plain"),
        (b'{"message_text": "t"}', ""),
    ],
)
def test_a_body_that_is_not_declared_as_json_is_refused(post: Post, data: Any, content_type: str | None) -> None:
    answer = post(data=data, content_type=content_type)
    assert answer.status_code == 415
    assert (answer.json or {})["error"]["code"] == "unsupported_media_type"
    assert "application/json" in (answer.json or {})["error"]["message"]


def test_a_message_beyond_the_limit_is_too_large(post: Post) -> None:
    answer = post(json={"message_text": "x" * 2000})
    assert answer.status_code == 413
    assert (answer.json or {})["error"]["code"] == "too_large"


def test_a_sender_of_too_much_comes_to_read_the_answer(site: Site) -> None:
    server = Server(site, "cif-only", MSGMODULE_MAX_MESSAGE_BYTES="2000000")
    try:
        with pytest.raises(HTTPError) as refused:
            server.ask(URL, {"message_text": "x" * 9_000_000})
    finally:
        server.stop()
    assert refused.value.code == 413
    assert json.loads(refused.value.read())["error"]["code"] == "too_large"
    refused.value.close()


def test_a_message_of_exactly_the_limit_is_taken(site: Site) -> None:
    client = site.client(site.app("cif-only", MSGMODULE_MAX_MESSAGE_BYTES="2000"))
    body = b'{"message_text": "%s"}'
    full = body % (b"x" * (2000 - len(body % b"")))
    assert client.post(URL, data=full, content_type="application/json").status_code == 201
    assert client.post(URL, data=full + b" ", content_type="application/json").status_code == 413


@pytest.mark.parametrize("rest", ["messages", "summary", "messages/m"])
def test_an_id_that_no_deposition_has_is_refused(site: Site, rest: str) -> None:
    client = site.client(site.app("cif-only"))
    for name in ("D_", "D_x", "X_1000000001", "G_12", "G_12345678", "D_1_2", "D_\u0661", ".", "D_1%00", "D_1%0A", "D_1 "):
        answer = client.get(f"/api/v1/depositions/{name}/{rest}")
        assert [f["field"] for f in fields(answer)] == ["deposition_data_set_id"], name
    assert list(site.archive.iterdir()) == []


@pytest.mark.parametrize(
    ("method", "rest", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"send_status": "Y"}),
        ("POST", "/read", {}),
        ("PUT", "/status", {"read_status": "Y", "action_reqd": "N", "for_release": "N"}),
    ],
)
def test_an_id_that_no_message_can_have_is_refused_and_one_that_none_has_is_not_found(
    site: Site, method: str, rest: str, body: Any
) -> None:
    client = site.client(site.app("dual-write-db-read"))
    for name in ("a%00", "a%0Ab", "%7F", "x" * 256):
        answer = client.open(f"{URL}/{name}{rest}", method=method, json=body)
        assert [f["field"] for f in fields(answer)] == ["message_id"], name
    for name in ("nobody", "a legacy program's", "12345678-90ab-4def-8123-4567890abcde", "x" * 255):
        assert client.open(f"{URL}/{name}{rest}", method=method, json=body).status_code == 404
    assert site.files() == {}
