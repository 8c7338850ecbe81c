"""Attacks on the service: each is refused with the right status, writes nothing, and leaves nothing private in the log."""

import json
from collections.abc import Iterator
from io import BytesIO
from itertools import product
from pathlib import Path

import pytest
from support.attack import MESSAGES, PRIVATE, Target, target
from support.site import Site

TRAVERSALS = (
    "..",
    "../..",
    "..%2f..%2fsecret.txt",
    "%2e%2e%2fsecret.txt",
    "D_1/../../secret.txt",
    "D_1%00",
    "D_1%0a",
    "/etc/passwd",
)
INJECTIONS = (
    "D_1' OR '1'='1",
    "D_1; DROP TABLE deposition",
    'D_1" --',
    "' UNION SELECT * FROM database_identity --",
    "${7*7}",
    "{{7*7}}",
)
ROUTES = ("", "/{id}", "/{id}/read", "/{id}/status")


@pytest.fixture
def attacked(tmp_path: Path, site: Site, capfd: pytest.CaptureFixture[str]) -> Iterator[Target]:
    """A site that is after every test as it was before, and whose log holds no text and no secret."""
    made = target(tmp_path, site)
    secret = str(made.client.environ_base["HTTP_AUTHORIZATION"]).removeprefix("Bearer ")
    before = made.state()
    capfd.readouterr()
    yield made
    assert made.state() == before
    out, err = capfd.readouterr()
    assert PRIVATE not in out + err
    assert secret not in out + err


@pytest.mark.parametrize("deposition", [*TRAVERSALS, *INJECTIONS])
def test_an_id_that_is_none_reaches_no_path_and_no_query(attacked: Target, deposition: str) -> None:
    for method, path in (("GET", "messages"), ("POST", "messages"), ("GET", "summary"), ("GET", "messages/m")):
        body = {"message_text": "t"} if method == "POST" else None
        answer = attacked.client.open(f"/api/v1/depositions/{deposition}/{path}", method=method, json=body)
        assert answer.status_code in (404, 405, 422), answer.text
        assert "outside the tree" not in answer.text
        assert "root:" not in answer.text


@pytest.mark.parametrize("message_id", [*TRAVERSALS, *INJECTIONS])
def test_a_message_id_that_is_none_finds_nothing(attacked: Target, message_id: str) -> None:
    assert attacked.client.get(f"{MESSAGES}/{message_id}").status_code in (404, 422)
    answer = attacked.client.put(
        f"{MESSAGES}/{message_id}/status", json={"read_status": "Y", "action_reqd": "N", "for_release": "N"}
    )
    assert answer.status_code in (404, 405, 422)
    posted = attacked.client.post(MESSAGES, json={"message_text": "t", "parent_message_id": message_id})
    assert posted.status_code == 422, posted.text


@pytest.mark.parametrize("field", ["content_type", "content_format", "upload_file_name", "storage_type"])
@pytest.mark.parametrize(
    "value", ["../../etc/passwd", "/etc/passwd", "a\x00b", "..", "a/b", "a\nb", "a\tb", "a\r", "x" * 256]
)
def test_a_file_reference_names_a_file_and_no_path(attacked: Target, field: str, value: str) -> None:
    reference = {"content_type": "model", "content_format": "pdbx", "partition_number": 1, "version_id": 1} | {field: value}
    answer = attacked.client.post(MESSAGES, json={"message_text": "t", "files": [reference]})
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[1]", "application/json", 400),
        (b'"text"', "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"message_text": {"$gt": ""}, "read_status": [], "action_reqd": 1}', "application/json", 422),
        (b'{"message_text": 7, "read_status": null, "action_reqd": true}', "application/json", 422),
        (b'{"surprise": "Y"}', "application/json", 422),
        (b"message_text=t", "application/x-www-form-urlencoded", 415),
        (b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x", 415),
        (b'{"message_text": "t"}', "text/plain", 415),
        (b"<a/>", "application/xml", 415),
    ],
)
def test_a_body_that_is_not_as_the_contract_says_is_refused(
    attacked: Target, route: str, body: bytes, kind: str, status: int
) -> None:
    method = {"": "POST", "/{id}": "PATCH", "/{id}/read": "POST", "/{id}/status": "PUT"}[route]
    url = MESSAGES + route.replace("{id}", "m")
    answer = attacked.client.open(url, method=method, data=body, content_type=kind)
    assert answer.status_code == status, answer.text


def test_a_body_that_is_too_large_is_refused_before_any_store_is_touched(attacked: Target) -> None:
    body = json.dumps({"message_text": "x" * 8_388_609}).encode()
    assert attacked.client.post(MESSAGES, data=body, content_type="application/json").status_code == 413
    in_chunks = attacked.client.post(
        MESSAGES,
        input_stream=BytesIO(body),
        content_type="application/json",
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert in_chunks.status_code == 413


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: evil=1", "a\nX-Evil: 1", "a\x00"])
def test_no_value_of_a_caller_becomes_a_header(attacked: Target, value: str) -> None:
    for path in (f"{MESSAGES}?cursor={value}", f"/api/v1/depositions/{value}/messages", f"/admin/steps/{value}"):
        headers = str(attacked.client.get(path).headers)
        assert "evil" not in headers.lower()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/admin/profile", "text/plain"),
        ("/admin/profile", "application/x-www-form-urlencoded"),
        ("/admin/steps/cif-only", "application/x-www-form-urlencoded"),
        (f"{MESSAGES}/m/read", "text/plain"),
    ],
)
def test_a_page_of_another_site_cannot_make_a_browser_change_anything(attacked: Target, path: str, kind: str) -> None:
    body = "to=cif-only&typed=cif-only&reason=r&expected_epoch=1&mark=1"
    for origin in ("https://evil.example", "null", "http://["):
        answer = attacked.client.post(path, data=body, content_type=kind, headers={"Origin": origin})
        assert answer.status_code == 403
    assert attacked.client.post(path, data=body, content_type=kind).status_code in (403, 415)
    options = attacked.client.options(path, headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in options.headers


def test_secrets_are_not_guessed_nor_learnt_from_the_answer(attacked: Target) -> None:
    client = attacked.app.test_client()
    name = json.loads((attacked.site.root / "state" / "tokens.json").read_text())[0]
    guesses = ["", "x", name["name"], name["hash"], "a" * 43, "é" * 43, "x" * 100_000]
    told = set()
    for kind, guess in product(("Bearer", "Basic", "Digest", ""), guesses):
        answer = client.get(MESSAGES, headers={"Authorization": f"{kind} {guess}".encode().decode("latin-1")})
        assert answer.status_code == 401
        told.add((answer.json or {})["error"]["message"])
    assert len(told) == 1


@pytest.mark.parametrize("scope", ["messages:read", "metrics"])
def test_a_scope_is_not_widened_by_what_a_caller_says(attacked: Target, scope: str) -> None:
    client = attacked.app.test_client()
    secret = attacked.site.token(scope)
    forged = {"X-Remote-User": "root", "Remote-User": "root", "X-Forwarded-User": "root", "X-Scopes": "admin"}
    headers = {"Authorization": f"Bearer {secret}", "X-HTTP-Method-Override": "GET", **forged}
    for path, body in ((MESSAGES, {"message_text": "t"}), ("/admin/profile", {"to": "cif-only", "scopes": ["admin"]})):
        assert client.post(path, json=body, headers=headers).status_code == 403
        assert client.post(f"{path}?_method=GET", json=body, headers=headers).status_code == 403
