"""Markup in every text that a caller may give: it comes back as the same text, and as markup in no page."""

import re
from typing import Any

import pytest
from support.attack import MESSAGES
from support.site import Site

from service.security import Tokens
from settings import SCOPES

MARKUP = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}'
TEXTS = ("sender", "context_type", "context_value", "message_subject", "message_text")


@pytest.mark.parametrize("field", TEXTS)
def test_a_text_comes_back_as_it_is_and_as_nothing_a_browser_would_run(site: Site, field: str) -> None:
    client = site.client(site.app("dual-write-db-read"))
    body: dict[str, Any] = {"message_text": "t", field: MARKUP}
    posted = client.post(MESSAGES, json=body)
    assert posted.status_code == 201, posted.text
    listed = client.get(MESSAGES)
    assert [m[field] for m in (listed.json or {})["messages"]] == [MARKUP]
    for answer in (posted, listed):
        assert answer.content_type == "application/json"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/admin/", "/admin/checks", "/admin/steps/dual-write-cif-read", "/api/v1/docs"])
def test_no_page_runs_what_came_with_a_request(site: Site, path: str) -> None:
    client = site.app("cif-only").test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {Tokens(site.root / 'state').create(MARKUP, SCOPES)}"
    client.post("/admin/profile", json={"to": "db-only", "expected_epoch": 1, "reason": MARKUP})
    assert client.get("/admin/").text.count("&lt;script&gt;alert(1)") == 2  # who, and why
    page = client.get(f"{path}?refresh={MARKUP}", headers={"User-Agent": MARKUP, "X-Request-Id": MARKUP})
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert not re.search(r"<[^>]*\sonerror=", page.text)
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
