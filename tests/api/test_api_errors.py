"""Errors over HTTP: one shape for all of them, an exact status, and never an empty answer instead."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from support.site import DEPOSITION, DUAL, PROFILES, Site
from werkzeug.test import TestResponse

from service.security import requires

NEW = "D_1000000042"


def url(deposition: str = NEW) -> str:
    return f"/api/v1/depositions/{deposition}/messages"


def error_of(answer: TestResponse) -> dict[str, Any]:
    """Give the error of an answer, which has the one shape there is."""
    assert answer.content_type == "application/json"
    body = answer.json or {}
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "details"}
    assert isinstance(body["error"]["details"], dict)
    assert body["error"]["message"]
    found: dict[str, Any] = body["error"]
    return found


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/api/v1/depositions", 404, "not_found"),
        ("GET", url(), 404, "not_found"),
        ("GET", url() + "/m", 404, "not_found"),
        ("DELETE", url(), 405, "method_not_allowed"),
        ("PUT", "/admin/profile", 405, "method_not_allowed"),
        ("POST", "/healthz", 405, "method_not_allowed"),
        ("GET", url("nonsense"), 422, "invalid_input"),
    ],
)
def test_every_refusal_has_the_one_shape(site: Site, method: str, path: str, status: int, code: str) -> None:
    answer = site.client(site.app("cif-only")).open(path, method=method)
    assert (answer.status_code, error_of(answer)["code"]) == (status, code)


def test_a_wrong_method_is_told_the_right_ones(site: Site) -> None:
    answer = site.client(site.app("cif-only")).delete(url())
    assert {"GET", "POST"} <= set(answer.headers["Allow"].replace(",", " ").split())


@pytest.mark.parametrize("profile", PROFILES)
def test_an_unknown_deposition_is_not_found_and_not_made_by_looking(site: Site, profile: str) -> None:
    client = site.client(site.app(profile))
    for path in (url(), url() + "/m", url().replace("messages", "summary")):
        assert NEW in error_of(client.get(path))["message"]
    assert client.post(url() + "/m/read", json={}).status_code == 404
    assert list(site.archive.iterdir()) == []


def cut(path: Path) -> bytes:
    """Damage a file as a full disk does, and give the bytes it has now."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path.read_bytes()


@pytest.mark.parametrize("profile", [PROFILES[0], *DUAL])
def test_a_damaged_file_is_named_and_keeps_its_bytes(legacy_site: Site, profile: str) -> None:
    legacy_site.import_all()
    client = legacy_site.client(legacy_site.app(profile))
    path = legacy_site.file(DEPOSITION)
    damaged = cut(path)

    answers = (
        client.get(url(DEPOSITION)),
        client.post(url(DEPOSITION), json={"message_text": "t"}),
        client.post(url(DEPOSITION) + "/m/read", json={}),
    )
    for answer in answers:
        error = error_of(answer)
        assert (answer.status_code, error["code"]) == (500, "damaged_file")
        assert str(path) in error["message"]
    assert path.read_bytes() == damaged
    assert client.get(url("D_9000277853")).status_code == 200


def test_a_missing_tree_is_an_error_and_not_an_empty_archive(site: Site) -> None:
    client = site.client(site.app("cif-only"))
    site.archive.rmdir()
    answer = client.get(url())
    assert (answer.status_code, error_of(answer)["code"]) == (503, "file_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert client.post(url(), json={"message_text": "t"}).status_code == 503
    assert not site.archive.exists()


def test_a_foreign_lock_is_waited_for_then_named_and_never_broken(site: Site) -> None:
    client = site.client(site.app("cif-only", MSGMODULE_LOCK_TIMEOUT="0.1"))
    client.post(url(), json={"message_text": "t"})
    lock = site.file(NEW).with_name(site.file(NEW).name + ".lock")
    lock.touch()
    answer = client.post(url(), json={"message_text": "u"})
    assert answer.status_code == 503
    assert lock.name in error_of(answer)["message"]
    assert lock.exists()
    assert len((client.get(url()).json or {})["messages"]) == 1


@pytest.fixture
def broken(site: Site) -> FlaskClient:
    """A client of an application that has a defect."""
    app: Flask = site.app("cif-only")

    def defect() -> str:
        words = request.args["words"]
        raise ZeroDivisionError(len(words))

    app.add_url_rule("/defect", view_func=requires("admin")(defect))
    return site.client(app)


def test_a_defect_is_told_without_its_inside(broken: FlaskClient) -> None:
    answer = broken.get("/defect?words=secret")
    assert (answer.status_code, error_of(answer)["code"]) == (500, "internal_error")
    for inside in ("ZeroDivisionError", "secret", "Traceback", ".py"):
        assert inside not in answer.text


def test_a_defect_leaves_its_traceback_in_the_log_but_no_text_of_a_letter(
    broken: FlaskClient, capfd: pytest.CaptureFixture[str]
) -> None:
    broken.get("/defect?words=Mondlandung")
    captured = capfd.readouterr()
    log = captured.out + captured.err
    assert "ZeroDivisionError" in log
    assert "/defect" in log
    assert "Mondlandung" not in log


def test_a_body_that_did_not_come_whole_is_not_acted_on(site: Site) -> None:
    client = site.client(site.app("cif-only"))
    assert client.post(url(), json={"message_id": "m", "message_text": "t"}).status_code == 201
    before = site.files()
    for path, came, stated in ((url() + "/m/read", b"", "19"), (url(), b'{"message_text": "t"}', "100")):
        given = {"CONTENT_LENGTH": stated, "wsgi.input_terminated": True}  # as gunicorn says
        answer = client.post(path, data=came, content_type="application/json", environ_overrides=given)
        assert (answer.status_code, error_of(answer)["code"]) == (400, "malformed_request")
    assert site.files() == before
