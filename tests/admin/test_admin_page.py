"""The dashboard page: where the site stands, what a step needs, and the form that makes it."""

import json
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask.testing import FlaskClient
from support.site import PROFILES, Site
from werkzeug.test import TestResponse

from admin import pages

DOWN = "mysql://me:hunter2@127.0.0.1:1/nowhere"
BROWSER = {"Accept": "text/html"}
STEP = "/admin/steps/dual-write-cif-read"


@pytest.fixture
def client(site: Site) -> FlaskClient:
    return site.client(site.app("cif-only"))


@pytest.fixture
def hanging() -> Iterator[str]:
    """The address of a server that takes connections and never says a word."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        yield f"mysql://me:hunter2@127.0.0.1:{listening.getsockname()[1]}/messages"


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found, f"the form has no {name}"
    return found[1]


def send(client: FlaskClient, **changes: str) -> TestResponse:
    """Fill the form of the step in as a browser does, with changes."""
    page = client.get(STEP).text
    form = {name: hidden(page, name) for name in ("mark", "expected_epoch")}
    return client.post(STEP, data=form | {"typed": "dual-write-cif-read", "reason": "phase 1"} | changes, headers=BROWSER)


def epoch(client: FlaskClient) -> int:
    return int((client.get("/admin/profile").json or {})["epoch"])


@pytest.mark.parametrize("profile", PROFILES)
def test_the_active_phase_is_marked_and_its_neighbours_are_offered(site: Site, profile: str) -> None:
    page = site.client(site.app(profile)).get("/admin/").text
    steps = re.findall(r'<li class="(\w+)" (aria-current="step")?>.*?<div class="title">([\w-]+)<', page, re.DOTALL)
    assert [name for _, _, name in steps] == list(PROFILES)
    assert [name for place, current, name in steps if place == "active" and current] == [profile]
    at = PROFILES.index(profile)
    offered = set(re.findall(r'href="/admin/steps/([\w-]+)"', page))
    assert offered == {p for p in PROFILES if abs(PROFILES.index(p) - at) == 1}


def test_the_form_switches_and_the_audit_trail_says_so(site: Site, client: FlaskClient) -> None:
    answer = send(client)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/")
    page = client.get("/admin/").text
    assert "switch from cif-only to dual-write-cif-read" in page
    assert "phase 1" in page
    line = json.loads((site.root / "state" / "audit.jsonl").read_text().splitlines()[-1])
    assert (line["result"], line["who"]) == ("switched", "token test-0")


def test_an_attempt_that_is_no_text_leaves_the_page_to_the_operators(client: FlaskClient) -> None:
    body = {"to": "\ud800", "expected_epoch": 1, "reason": "x"}
    assert client.post("/admin/profile", json=body).status_code == 422
    page = client.get("/admin/")
    assert (page.status_code, "\\ud800" in page.text) == (200, True)


@pytest.mark.parametrize(
    ("changes", "status", "told"),
    [
        ({"typed": "dual-write"}, 422, "type dual-write-cif-read"),
        ({"reason": "  "}, 422, "is empty"),
        ({"expected_epoch": "7"}, 409, "look again"),
        ({"expected_epoch": "x"}, 422, "no number"),
        ({"expected_epoch": "1" * 5000}, 422, "no number"),
        ({"mark": ""}, 403, "not made here for you"),
        ({"mark": "99999999999.00"}, 403, "not made here for you"),
        ({"mark": "é.é"}, 403, "not made here for you"),
    ],
)
def test_a_form_that_is_wrong_switches_nothing(client: FlaskClient, changes: dict[str, str], status: int, told: str) -> None:
    answer = send(client, **changes)
    assert answer.status_code == status
    assert told in answer.text
    assert epoch(client) == 1


def test_the_mark_of_one_caller_is_nothing_in_the_form_of_another(site: Site, client: FlaskClient) -> None:
    other = site.client(site.app("cif-only"))
    assert send(client, mark=hidden(other.get(STEP).text, "mark")).status_code == 403
    assert epoch(client) == 1


def test_a_form_that_lay_open_for_too_long_is_refused(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr("admin.csrf.time.time", lambda: now - 3601)
    mark = hidden(client.get(STEP).text, "mark")
    monkeypatch.undo()
    assert send(client, mark=mark).status_code == 403


def test_a_check_that_fails_is_shown_with_its_remedy_and_can_be_forced(site: Site) -> None:
    down = Site(site.root, DOWN)
    client = down.client(down.app("cif-only"))
    page = client.get(STEP).text
    assert "database_usable" in page
    assert "start the database, or run `msgmodule db init`" in page
    refused = send(client)
    assert refused.status_code == 409
    assert "Nothing was switched." in refused.text
    assert 'value="phase 1"' in refused.text
    assert epoch(client) == 1
    assert send(client, force="yes").status_code == 303
    assert "in spite of database_usable" in client.get("/admin/").text


def test_workers_of_all_servers_and_what_they_lack_are_shown(site: Site, client: FlaskClient) -> None:
    client.get("/admin/")
    [mine] = (site.root / "state" / "workers").iterdir()
    late = {"host": "onedep-b", "epoch": 0, "seen": "2999-01-01T00:00:00+00:00", "breaker": "open", "failures": 5}
    (mine.parent / "other.json").write_text(json.dumps(json.loads(mine.read_text()) | late))
    page = client.get("/admin/").text
    assert "onedep-b" in page
    assert "lags" in page
    assert "after 5 failures" in page


def test_what_an_operator_typed_is_shown_as_text(client: FlaskClient) -> None:
    send(client, reason="<script>alert(1)</script>", typed='"><img src=x>')
    send(client, reason="<script>alert(1)</script>")
    page = client.get("/admin/").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<img" not in send(client, typed='"><img src=x>').text


def test_the_health_checks_are_shown_with_their_limits(client: FlaskClient) -> None:
    page = client.get("/admin/checks").text
    assert "cif_probe" in page
    assert "a file is locked, written, read and removed" in page


@pytest.mark.parametrize("path", ["/admin/", "/admin/checks", "/admin/steps/dual-write-db-read", "/admin/profile"])
def test_no_secret_is_shown(site: Site, path: str) -> None:
    site.app("dual-write-cif-read")
    down = Site(site.root, DOWN)
    text = down.client(down.app("dual-write-cif-read")).get(path).text
    assert text
    assert "hunter2" not in text


@pytest.mark.parametrize("path", ["/admin/", "/admin/metrics", "/readyz"])
def test_a_database_that_hangs_holds_up_nothing_an_operator_looks_at(site: Site, hanging: str, path: str) -> None:
    site.app("dual-write-cif-read")
    down = Site(site.root, hanging)
    client = down.client(down.app("dual-write-cif-read"))
    begun = time.monotonic()
    assert client.get(path).status_code == 200
    assert time.monotonic() - begun < 1  # waiting for the database at all takes three seconds


def test_looks_at_a_step_while_the_database_hangs_hold_one_thread_and_no_other_step(site: Site, hanging: str) -> None:
    site.app("dual-write-cif-read")
    down = Site(site.root, hanging)
    app = down.app("dual-write-cif-read", MSGMODULE_DATABASE_CONNECT_TIMEOUT="5")
    first, others = down.client(app), [down.client(app) for _ in range(3)]
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(first.get, "/admin/steps/dual-write-db-read")
        while not ((lock := pages._looking.get("dual-write-db-read")) and lock.locked()):
            assert not waiting.done()
        for client in others:
            answer = client.get("/admin/steps/dual-write-db-read")
            assert (answer.status_code, waiting.done()) == (200, False)
            assert "look again in a moment" in answer.text
        assert "look again" not in others[0].get("/admin/steps/cif-only").text
        assert not waiting.done()
        assert "database" in waiting.result().text


def test_everything_the_page_needs_comes_from_here(client: FlaskClient) -> None:
    page = client.get("/admin/")
    for link in re.findall(r'(?:src|href)="([^"#]+)"', page.text):
        assert link.startswith("/admin/"), link
        assert client.get(link).status_code == 200, link
    assert "'unsafe" not in page.headers["Content-Security-Policy"]
    assert not re.findall(r"<style|\sstyle=|\son\w+=|<script>", page.text)
    assert client.get("/admin/assets/../pages.py").status_code == 404
    assert client.get("/admin/assets/pages.py").status_code == 404


@pytest.mark.parametrize(("scopes", "shown"), [(("admin",), False), (("admin", "metrics"), True)])
def test_only_who_may_read_the_metrics_is_led_to_them(site: Site, scopes: tuple[str, ...], shown: bool) -> None:
    client = site.client(site.app("cif-only"), *scopes)
    for path in ("/admin/", "/admin/checks", STEP):
        assert ('href="/admin/metrics"' in client.get(path).text) is shown, path
    assert client.get("/admin/metrics").status_code == (200 if shown else 403)


def test_a_profile_there_is_not_has_no_step(client: FlaskClient) -> None:
    assert client.get("/admin/steps/dual_write").status_code == 404
    assert "is 3 steps away" in client.get("/admin/steps/db-only").text


def test_a_browser_is_asked_for_a_token_and_other_callers_are_not(site: Site, client: FlaskClient) -> None:
    app = client.application
    asked = app.test_client().get("/admin/", headers=BROWSER)
    assert (asked.status_code, asked.headers["WWW-Authenticate"].split()[0]) == (401, "Basic")
    assert app.test_client().get("/admin/").headers["WWW-Authenticate"] == "Bearer"
    assert app.test_client().get("/admin/", auth=("anybody", site.token("admin"))).status_code == 200
    assert app.test_client().get("/admin/", auth=("anybody", site.token("metrics"))).status_code == 403
    assert app.test_client().get("/admin/", auth=("anybody", "nonsense")).status_code == 401


def test_a_line_of_the_audit_trail_that_a_crash_cut_short_is_shown_as_it_stands(site: Site, client: FlaskClient) -> None:
    with (site.root / "state" / "audit.jsonl").open("ab") as file:
        file.write(b'{"time": "2026-11-28T03')
    page = client.get("/admin/")
    assert page.status_code == 200
    assert "a line that cannot be read" in page.text
    assert "2026-11-28T03" in page.text
