"""The OpenAPI document: complete, sound in itself, and true of what the service takes and answers."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import BaseModel
from support.site import DEPOSITION, Site

from admin.schemas import SwitchRequest
from service.api import schemas
from service.api.contract import contract
from service.app import create_app

URL = "/api/v1/depositions/{dep}/messages"
#: Routes that give the contract itself, and need no entry in it.
OWN = {"/api/v1/openapi.json", "/api/v1/docs", "/api/v1/docs/style.css"}
VERBS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
BODIES: dict[tuple[str, str], type[BaseModel]] = {
    ("post", URL): schemas.NewMessage,
    ("patch", URL + "/{message_id}"): schemas.DraftEdit,
    ("post", URL + "/{message_id}/read"): schemas.ReadFlags,
    ("put", URL + "/{message_id}/status"): schemas.StatusFlags,
    ("post", "/admin/profile"): SwitchRequest,
}


@pytest.fixture
def app(site: Site) -> Flask:
    return site.app("cif-only")


@pytest.fixture
def client(site: Site, app: Flask) -> FlaskClient:
    return site.client(app)


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/v1/openapi.json").json or {}
    return found


def routes(app: Flask) -> set[tuple[str, str]]:
    """Give method and path of every route of the JSON interface, as an OpenAPI document spells them."""
    return {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(rule)))
        for rule in app.url_map.iter_rules()
        if str(rule).startswith("/api/v1") and str(rule) not in OWN
        for method in (rule.methods or set()) & VERBS
    }


def references(part: object) -> Iterator[str]:
    """Give every reference anywhere in a document."""
    if isinstance(part, dict):
        yield from [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def test_the_document_lists_every_route_and_the_switch_and_nothing_that_is_not_there(
    app: Flask, document: dict[str, Any]
) -> None:
    listed = {(verb, path) for path, verbs in document["paths"].items() for verb in verbs}
    assert listed == routes(app) | {
        ("post", "/admin/profile"),
        ("get", "/admin/profile"),
        ("get", "/admin/health"),
        ("get", "/admin/profile/preflight"),
    }
    assert len(listed) >= 8


def test_the_document_is_sound(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.")
    assert {"title", "version"} <= set(document["info"])
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(references(document)) <= known
    identifiers = [one["operationId"] for verbs in document["paths"].values() for one in verbs.values()]
    assert len(set(identifiers)) == len(identifiers)
    for path, verbs in document["paths"].items():
        for one in verbs.values():
            stated = {p["name"] for p in one["parameters"] if p["in"] == "path"}
            assert stated == set(re.findall(r"{(\w+)}", path))
            assert all(re.fullmatch("[1-5][0-9]{2}", status) for status in one["responses"])
            assert one["summary"]


def test_the_document_says_that_a_token_is_needed(document: dict[str, Any]) -> None:
    assert document["components"]["securitySchemes"]["token"] == {"type": "http", "scheme": "bearer"}
    assert document["security"] == [{"token": []}]


def test_the_schemas_of_the_document_are_those_that_validate(document: dict[str, Any]) -> None:
    for (verb, path), model in BODIES.items():
        body = document["paths"][path][verb]["requestBody"]["content"]["application/json"]["schema"]
        assert body == {"$ref": f"#/components/schemas/{model.__name__}"}
        written = document["components"]["schemas"][model.__name__]
        assert set(written["properties"]) == set(model.model_fields)
        required = {name for name, field in model.model_fields.items() if field.is_required()}
        assert set(written.get("required", [])) == required
        assert written["additionalProperties"] is False
    queries = {p["name"] for p in document["paths"][URL]["get"]["parameters"] if p["in"] == "query"}
    assert queries == set(schemas.ListQuery.model_fields)


def test_every_error_of_the_document_has_the_one_body(document: dict[str, Any]) -> None:
    for path, verbs in document["paths"].items():
        for one in verbs.values() if path != "/admin/health" else ():  # a failing check is no error of the request
            errors = {status: answer for status, answer in one["responses"].items() if status >= "400"}
            assert {"401", "403", "503"} <= set(errors)
            for answer in errors.values():
                assert answer["content"]["application/json"]["schema"]["$ref"].endswith("/ErrorBody")


def test_answers_are_as_the_document_says(legacy_site: Site) -> None:
    client = legacy_site.client(legacy_site.app("cif-only"))
    url = URL.format(dep=DEPOSITION)
    listed = client.get(url).json or {}
    assert schemas.MessageList.model_validate(listed).model_dump(mode="json") == listed
    sent = client.post(url, json={"message_text": "t", "send_status": "N"}).json or {}
    assert schemas.Written.model_validate(sent).model_dump(mode="json") == sent
    one = f"{url}/{sent['message']['message_id']}"
    edited = client.patch(one, json={"message_text": "u"}).json or {}
    assert schemas.Written.model_validate(edited).model_dump(mode="json") == edited
    read = client.post(f"{one}/read", json={}).json or {}
    assert schemas.StatusWritten.model_validate(read).model_dump(mode="json") == read
    alone = client.get(one).json or {}
    assert schemas.MessageOut.model_validate(alone).model_dump(mode="json") == alone
    summary = client.get(url.replace("messages", "summary")).json or {}
    assert schemas.SummaryOut.model_validate(summary).model_dump(mode="json") == summary
    refused = client.get(url, query_string={"limit": "0"}).json or {}
    assert schemas.ErrorBody.model_validate(refused).model_dump(mode="json") == refused


def test_every_status_that_is_answered_is_in_the_document(client: FlaskClient, document: dict[str, Any]) -> None:
    url = URL.format(dep="D_1000000042")
    answers = [
        ("post", URL, client.post(url, json={"message_id": "m", "message_text": "t"})),
        ("post", URL, client.post(url, json={"message_id": "m", "message_text": "t"})),
        ("post", URL, client.post(url, json={"message_id": "m", "message_text": "u"})),
        ("post", URL, client.post(url, json={})),
        ("post", URL, client.post(url, data="[", content_type="application/json")),
        ("post", URL, client.post(url, data="a=b")),
        ("get", URL, client.get(url.replace("42", "43"))),
        ("get", URL + "/{message_id}", client.get(url.replace("D_", "x") + "/m")),
        ("patch", URL + "/{message_id}", client.patch(url + "/m", json={"message_text": "u"})),
        ("get", URL, client.get(url, headers={"If-None-Match": client.get(url).headers["ETag"]})),
    ]
    for verb, path, answer in answers:
        assert str(answer.status_code) in document["paths"][path][verb]["responses"], answer.text
    assert [a.status_code for _, _, a in answers] == [201, 200, 409, 422, 400, 415, 404, 422, 409, 304]


@pytest.mark.parametrize("form", ["json", "csv", "text"])
def test_every_form_of_the_recent_list_is_in_the_document(client: FlaskClient, document: dict[str, Any], form: str) -> None:
    answer = client.get("/api/v1/messages/recent", query_string={"days": "1", "format": form})
    described = document["paths"]["/api/v1/messages/recent"]["get"]["responses"]["200"]["content"]
    assert answer.mimetype in described


def test_the_page_shows_every_route_and_loads_nothing_from_elsewhere(client: FlaskClient, document: dict[str, Any]) -> None:
    answer = client.get("/api/v1/docs")
    assert answer.content_type.startswith("text/html")
    for path, verbs in document["paths"].items():
        assert f"<code>{path}</code>" in answer.text
        assert all(f">{verb.upper()}</span> <code>{path}</code>" in answer.text for verb in verbs)
    for name in document["components"]["schemas"]:
        assert f'id="{name}"' in answer.text
    loaded = re.findall(r"(?:src|href)=\"([^\"#]+)\"", answer.text)
    assert loaded
    for address in loaded:
        assert address.startswith("/api/v1/")
        assert client.get(address).status_code == 200
    assert "<script" not in answer.text
    style = client.get("/api/v1/docs/style.css").text
    assert "url(" not in style
    assert "@import" not in style


@pytest.fixture
def fresh_document() -> Iterator[None]:
    """Have the document made anew, as in a process that nobody has asked for it yet."""
    contract.__dict__.pop("_spec", None)
    yield
    contract.__dict__.pop("_spec", None)


@pytest.mark.usefixtures("fresh_document")
def test_an_application_without_the_admin_does_not_shape_the_document_of_one_with_it(site: Site) -> None:
    bare = site.client(create_app(site.settings("cif-only")))
    assert "/admin/profile" not in (bare.get("/api/v1/openapi.json").json or {})["paths"]
    whole = site.client(site.app("cif-only"))
    assert "/admin/profile" in (whole.get("/api/v1/openapi.json").json or {})["paths"]
