"""Who may call what: nothing is open that does not say so, and a token is worth its scopes and no more."""

import json
from itertools import product

import pytest
from flask import Flask
from flask.testing import FlaskClient
from support.site import Site

from service.errors import Conflict, FileUnavailable, InvalidInput, NotFound
from service.security import OPEN_ENDPOINTS, Tokens, requires
from settings import SCOPES

URL = "/api/v1/depositions/D_1000000042/messages"
VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")
NEEDED = {
    "messages:read": [("GET", URL), ("GET", URL + "/m"), ("GET", "/api/v1/docs"), ("GET", "/api/v1/openapi.json")],
    "messages:write": [("POST", URL), ("PATCH", URL + "/m"), ("POST", URL + "/m/read"), ("PUT", URL + "/m/status")],
    "metrics": [("GET", "/admin/metrics")],
    "admin": [
        *(
            ("GET", f"/admin/{path}")
            for path in (
                "",
                "profile",
                "profile/preflight?to=db-only",
                "health",
                "checks",
                "steps/db-only",
                "assets/admin.css",
            )
        ),
        *(("POST", f"/admin/{path}") for path in ("profile", "steps/db-only")),
    ],
}


@pytest.fixture
def app(site: Site) -> Flask:
    return site.app("cif-only")


def with_secret(app: Flask, secret: str) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    return client


def paths(app: Flask) -> list[str]:
    """Give a path of every route."""
    return [str(r).replace("<dep>", "D_1").replace("<message_id>", "m") for r in app.url_map.iter_rules()]


@pytest.mark.parametrize("tokens_exist", [True, False])
def test_without_a_token_nothing_but_the_probes_answers(site: Site, app: Flask, tokens_exist: bool) -> None:
    if tokens_exist:
        site.token()
    client = app.test_client()
    for path, verb in product([*paths(app), "/", "/nowhere", "/admin", "/api/v1/x", "/healthz/"], VERBS):
        answer = client.open(path, method=verb)
        if (path in ("/healthz", "/readyz")) and verb == "GET":
            assert answer.status_code == 200
        else:
            assert answer.status_code == 401, (verb, path)
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert (answer.json or {})["error"]["code"] == "unauthenticated"


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer ", "Bearer nonsense", "Basic YTpi", "Bearer é", "Token x", "bearer"]
)
def test_what_is_no_token_of_ours_is_refused(site: Site, app: Flask, authorization: str) -> None:
    site.token()
    answer = app.test_client().get(URL, headers={"Authorization": authorization})
    assert answer.status_code == 401


def test_every_rule_is_open_by_name_or_needs_a_scope(app: Flask) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    scopes = {name: getattr(app.view_functions[name], "required_scope", None) for name in endpoints}
    open_ones = {name for name, scope in scopes.items() if scope is None}
    assert open_ones == set(OPEN_ENDPOINTS)
    assert {scope for scope in scopes.values() if scope} == set(SCOPES)
    assert len(endpoints) - len(open_ones) == len([e for e in endpoints if e not in OPEN_ENDPOINTS]) >= 14


@pytest.mark.parametrize("scope", SCOPES)
def test_a_scope_opens_its_own_routes_and_no_others(site: Site, app: Flask, scope: str) -> None:
    client = site.client(app, scope)
    for owner, calls in NEEDED.items():
        for verb, path in calls:
            answer = client.open(path, method=verb)
            assert ("lacks the scope" in answer.text) == (owner != scope), (verb, path)
            if owner != scope:
                error = (answer.json or {})["error"]
                assert (error["code"], error["details"]["scope"]) == ("forbidden", owner)


def test_a_route_that_names_no_scope_is_open_to_nobody(site: Site, app: Flask) -> None:
    app.add_url_rule("/forgotten", view_func=lambda: "open")
    assert app.test_client().get("/forgotten").status_code == 401
    assert site.client(app).get("/forgotten").status_code == 403


def test_a_token_is_kept_as_a_hash_that_nobody_else_may_read(site: Site) -> None:
    secret = site.token("messages:read")
    path = site.root / "state" / "tokens.json"
    assert secret not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert secret not in repr(Tokens(site.root / "state").all())
    [kept] = json.loads(path.read_text())
    assert set(kept) == {"name", "hash", "scopes", "created", "expires"}


def test_a_revoked_token_stops_at_the_next_request_and_the_others_go_on(site: Site, app: Flask) -> None:
    tokens = Tokens(site.root / "state")
    first, second = (with_secret(app, tokens.create(name, ("admin",))) for name in ("first", "second"))
    assert [c.get("/admin/profile").status_code for c in (first, second)] == [200, 200]
    Tokens(site.root / "state").revoke("first")
    assert [c.get("/admin/profile").status_code for c in (first, second)] == [401, 200]
    third = with_secret(app, Tokens(site.root / "state").create("third", ("admin",)))
    assert third.get("/admin/profile").status_code == 200


def test_a_token_file_that_cannot_be_read_closes_the_door(site: Site, app: Flask) -> None:
    client = site.client(app)
    path = site.root / "state" / "tokens.json"
    for broken in ("{", "[1]", '[{"name": "x"}]'):
        path.unlink()
        path.write_text(broken)
        assert client.get("/admin/profile").status_code == 503, broken
        with pytest.raises(FileUnavailable, match=str(path)):
            Tokens(site.root / "state").all()


def test_names_are_unique_and_scopes_known(site: Site) -> None:
    tokens = Tokens(site.root / "state")
    tokens.create("one", ("admin",))
    with pytest.raises(Conflict, match="one"):
        tokens.create("one", ("admin",))
    for scopes in ((), ("admin", "root")):
        with pytest.raises(InvalidInput, match="use messages:read, messages:write, metrics, admin"):
            tokens.create("two", scopes)
    with pytest.raises(NotFound, match="two"):
        tokens.revoke("two")
    assert [t.name for t in tokens.all()] == ["one"]


def test_a_user_that_apache_authenticated_has_the_scopes_of_the_settings(site: Site) -> None:
    app = site.app("cif-only", MSGMODULE_REMOTE_USERS="alice=messages:read;bob=admin")
    found = {}
    for user in ("alice", "bob", "eve", "ALICE"):
        client = app.test_client()
        client.environ_base["REMOTE_USER"] = user
        found[user] = [client.get(path).status_code for path in (URL, "/admin/profile")]
    assert found == {"alice": [404, 403], "bob": [403, 200], "eve": [403, 403], "ALICE": [403, 403]}


@pytest.mark.parametrize("header", ["Remote-User", "REMOTE_USER", "X-Remote-User", "Remote_User"])
def test_a_header_that_claims_a_user_is_ignored(site: Site, header: str) -> None:
    app = site.app("cif-only", MSGMODULE_REMOTE_USERS="alice=admin")
    client = app.test_client()
    assert client.get("/admin/profile", headers={header: "alice"}).status_code == 401
    client.environ_base["HTTP_REMOTE_USER"] = "alice"
    assert client.get("/admin/profile").status_code == 401


def test_the_audit_trail_names_the_user_of_a_switch(site: Site) -> None:
    app = site.app("cif-only", MSGMODULE_REMOTE_USERS="alice=admin")
    client = app.test_client()
    client.environ_base["REMOTE_USER"] = "alice"
    body = {"to": "dual-write-cif-read", "expected_epoch": 1, "reason": "phase 1"}
    assert client.post("/admin/profile", json=body).status_code == 200
    assert "user alice" in (site.root / "state" / "audit.jsonl").read_text().splitlines()[-1]


def test_a_view_keeps_its_mark(app: Flask) -> None:
    view = requires("metrics")(lambda: "x")
    assert view.__dict__ == {"required_scope": "metrics"}
    assert app.view_functions["admin.metrics"].__dict__["required_scope"] == "metrics"


def test_a_token_stops_at_its_end(site: Site, app: Flask) -> None:
    tokens = Tokens(site.root / "state")
    client = with_secret(app, tokens.create("short", ("admin",), days=1))
    assert client.get("/admin/profile").status_code == 200
    kept = json.loads((site.root / "state" / "tokens.json").read_text())
    [token] = kept
    assert token["expires"] > token["created"]
    (site.root / "state" / "tokens.json").write_text(json.dumps([token | {"expires": token["created"]}]))
    assert client.get("/admin/profile").status_code == 401
