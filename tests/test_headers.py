"""What every answer carries, whatever was asked for."""

import json

import pytest
from support.site import Site

from service.headers import HEADERS

PATHS = ["/healthz", "/readyz", "/nowhere", "/admin/", "/admin/metrics", "/api/v1/depositions/D_1/messages", "/api/v1/docs"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("known", [True, False])
def test_every_answer_tells_a_browser_what_not_to_do(site: Site, path: str, known: bool) -> None:
    app = site.app("cif-only")
    answer = (site.client(app) if known else app.test_client()).get(path)
    assert HEADERS.items() <= dict(answer.headers).items()


def test_a_request_has_one_id_in_answer_error_and_log(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    client = site.app("cif-only").test_client()
    answer = client.get("/nowhere")
    known = answer.headers["X-Request-Id"]
    assert (answer.json or {})["error"]["details"]["request_id"] == known
    assert known in capsys.readouterr().out
    assert client.get("/nowhere").headers["X-Request-Id"] != known


@pytest.mark.parametrize(("given", "kept"), [("abc-1.2_3", True), ("a b", False), ("x" * 65, False), ('"}', False)])
def test_the_id_of_another_program_is_kept_when_it_is_harmless(site: Site, given: str, kept: bool) -> None:
    answer = site.app("cif-only").test_client().get("/healthz", headers={"X-Request-Id": given})
    assert (answer.headers["X-Request-Id"] == given) is kept


def test_a_change_that_a_page_of_another_site_asks_for_is_refused(site: Site) -> None:
    client = site.client(site.app("cif-only"))
    url = "/api/v1/depositions/D_1000000042/messages"
    for origin in ("https://evil.example", "null", "http://localhost.evil.example", "https://localhost:81"):
        answer = client.post(url, json={"message_text": "t"}, headers={"Origin": origin})
        assert (answer.status_code, json.loads(answer.text)["error"]["code"]) == (403, "forbidden")
    assert site.files() == {}
    assert client.post(url, json={"message_text": "t"}, headers={"Origin": "http://localhost"}).status_code == 201
