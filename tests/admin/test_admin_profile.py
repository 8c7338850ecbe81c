"""Switching over HTTP: the epoch guards it, a refusal says why, and every attempt is in the audit trail."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from support.site import Site
from werkzeug.test import TestResponse

BODY: dict[str, Any] = {"to": "dual-write-cif-read", "expected_epoch": 1, "reason": "phase 1 begins"}


@pytest.fixture
def client(site: Site) -> FlaskClient:
    return site.client(site.app("cif-only"))


def post(client: FlaskClient, status: int, **changes: Any) -> dict[str, Any]:
    answer: TestResponse = client.post("/admin/profile", json=BODY | changes)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json or {}
    return found


def results(site: Site) -> list[str]:
    lines = (site.root / "state" / "audit.jsonl").read_text().splitlines()
    return [json.loads(line).get("result", "") for line in lines]


def test_the_next_profile_is_reached_and_named_with_its_epoch(site: Site, client: FlaskClient) -> None:
    body = post(client, 200)
    assert (body["profile"], body["epoch"], body["why"]) == ("dual-write-cif-read", 2, "phase 1 begins")
    assert body["who"].startswith("token ")
    assert (client.get("/admin/profile").json or {})["epoch"] == 2
    line = json.loads((site.root / "state" / "audit.jsonl").read_text().splitlines()[-1])
    expected = {"of": "cif-only", "to": "dual-write-cif-read", "reason": "phase 1 begins", "result": "switched"}
    assert expected.items() <= line.items()
    assert line["who"] == body["who"]


def test_a_profile_two_steps_away_is_refused_with_the_next_step(site: Site, client: FlaskClient) -> None:
    for force in (False, True):
        error = post(client, 409, to="db-only", force=force)["error"]
        assert error["code"] == "switch_refused"
        [check] = error["details"]["checks"]
        assert (check["name"], check["ok"]) == ("adjacent", False)
        assert "dual-write-cif-read" in check["remedy"]
    assert (client.get("/admin/profile").json or {})["epoch"] == 1
    assert results(site)[1:] == ["refused", "refused"]


def test_an_old_epoch_is_a_conflict_that_names_the_present_one(site: Site, client: FlaskClient) -> None:
    post(client, 200)
    error = post(client, 409, to="cif-only")["error"]
    assert (error["code"], error["details"]["epoch"]) == ("conflict", 2)
    assert [(check["name"], check["ok"]) for check in error["details"]["checks"]] == [("expected_epoch", False)]
    assert results(site)[1:] == ["switched", "stale epoch"]


def test_of_two_operators_with_the_same_view_one_wins(site: Site, client: FlaskClient) -> None:
    other = site.client(site.app("cif-only"))
    answers = [c.post("/admin/profile", json=BODY).status_code for c in (client, other)]
    assert answers == [200, 409]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({k: v for k, v in BODY.items() if k != "reason"}, "reason"),
        ({k: v for k, v in BODY.items() if k != "expected_epoch"}, "expected_epoch"),
        (BODY | {"reason": ""}, "reason"),
        (BODY | {"reason": "  "}, "reason"),
        (BODY | {"to": "dual_write"}, "to"),
        (BODY | {"to": None}, "to"),
        (BODY | {"expected_epoch": "1"}, "expected_epoch"),
        (BODY | {"force": "yes"}, "force"),
        (BODY | {"who": "somebody else"}, "who"),
    ],
)
def test_a_request_that_is_not_understood_switches_nothing(client: FlaskClient, body: dict[str, Any], field: str) -> None:
    answer = client.post("/admin/profile", json=body)
    assert answer.status_code == 422, answer.text
    assert [f["field"] for f in (answer.json or {})["error"]["details"]["fields"]] == [field]
    assert (client.get("/admin/profile").json or {})["epoch"] == 1


def test_a_check_that_fails_is_told_with_its_remedy_and_can_be_forced(site: Site) -> None:
    down = Site(site.root, "mysql://nobody@127.0.0.1:1/nowhere")
    client = down.client(down.app("cif-only"))
    error = post(client, 409)["error"]
    [check] = error["details"]["checks"]
    assert check["name"] == "database_usable"
    assert "msgmodule db init" in check["remedy"]
    assert post(client, 200, force=True)["epoch"] == 2
    line = json.loads((site.root / "state" / "audit.jsonl").read_text().splitlines()[-1])
    assert line["forced"] == ["database_usable"]


def test_the_profiles_are_shown_in_the_order_of_the_migration(client: FlaskClient) -> None:
    body = client.get("/admin/profile").json or {}
    assert [(p["name"], p["phase"], p["writes"], p["reads"]) for p in body["profiles"]] == [
        ("cif-only", 0, ["cif"], "cif"),
        ("dual-write-cif-read", 1, ["cif", "database"], "cif"),
        ("dual-write-db-read", 2, ["cif", "database"], "database"),
        ("db-only", 3, ["database"], "database"),
    ]
    assert [w["epoch"] for w in body["workers"]] == [1]


def test_a_worker_that_is_gone_is_not_listed(site: Site, client: FlaskClient) -> None:
    [alive] = (site.root / "state" / "workers").iterdir()
    entry = json.loads(alive.read_text())
    gone = alive.with_name("gone.json")
    gone.write_text(json.dumps(entry | {"pid": 2**22 + 1}))
    elsewhere = alive.with_name("elsewhere.json")
    elsewhere.write_text(json.dumps(entry | {"host": "elsewhere", "pid": 1}))
    workers = (client.get("/admin/profile").json or {})["workers"]
    assert {w["host"] for w in workers} == {entry["host"], "elsewhere"}
    assert len(workers) == 2
    assert not gone.exists()


@pytest.mark.parametrize("text", ["x" * 501, "one\nenvironment: db-only", "\x1b[2J", "nul\x00", "  "])
def test_a_reason_that_is_no_line_for_people_is_refused_and_kept_nowhere(site: Site, client: FlaskClient, text: str) -> None:
    before = (site.root / "state" / "audit.jsonl").read_bytes()
    post(client, 422, reason=text)
    assert (site.root / "state" / "audit.jsonl").read_bytes() == before


def test_a_name_that_is_no_profile_does_not_fill_the_audit_trail(site: Site, client: FlaskClient) -> None:
    audit = site.root / "state" / "audit.jsonl"
    before = len(audit.read_bytes())
    post(client, 422, to="z" * 1_000_000)
    assert len(audit.read_bytes()) - before < 2000
