"""Lists of messages over HTTP: order, filters, pages, and the refusal of what no list gave."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from support import legacy
from support.site import DEPOSITION, DUAL, PROFILES, Site

URL = f"/api/v1/depositions/{DEPOSITION}/messages"
Ask = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def client(legacy_site: Site) -> FlaskClient:
    return legacy_site.client(legacy_site.app("cif-only"))


@pytest.fixture
def ask(client: FlaskClient) -> Ask:
    def asked(**query: str) -> list[dict[str, Any]]:
        answer = client.get(URL, query_string=query)
        assert answer.status_code == 200, answer.text
        return list((answer.json or {})["messages"])

    return asked


def with_time(path: Path, message_id: str, timestamp: str) -> None:
    """Let a legacy program append a message with a timestamp of our choice."""
    legacy.append(path, message_id=message_id, timestamp=timestamp, message_subject="s", message_text="t")


def test_messages_come_oldest_first_over_all_three_files(ask: Ask) -> None:
    times = [m["timestamp"] for m in ask()]
    assert times == sorted(times)
    assert len(set(times)) > 5


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ({"content_type": "notes-from-annotator"}, lambda m: m["content_type"] == "notes-from-annotator"),
        ({"send_status": "Y"}, lambda m: m["send_status"] == "Y"),
        ({"send_status": "N"}, lambda m: m["send_status"] == "N"),
        ({"message_type": "archive_auto"}, lambda m: m["message_type"] == "archive_auto"),
        ({"since": "2023-06-12 05:21:11"}, lambda m: m["timestamp"] >= "2023-06-12 05:21:11"),
        ({"until": "2023-06-12 05:21:11"}, lambda m: m["timestamp"] <= "2023-06-12 05:21:11"),
        ({"q": "TRIOSE"}, lambda m: "triose" in f"{m['message_subject']} {m['message_text']}".lower()),
        ({"q": "archived", "since": "2023-01-01"}, lambda m: "ARCHIVED" in str(m) and m["timestamp"] > "2023"),
    ],
)
def test_a_filter_gives_exactly_the_messages_it_describes(
    ask: Ask, query: dict[str, str], holds: Callable[[dict[str, Any]], bool]
) -> None:
    everything = ask()
    assert ask(**query) == [m for m in everything if holds(m)]


def test_a_search_finds_words_outside_ascii_however_the_file_spells_them(client: FlaskClient, ask: Ask) -> None:
    client.post(URL, json={"message_text": "Resolution 1.7 Å", "message_subject": "An Ångström"})
    assert [m["message_subject"] for m in ask(q="ångström")] == ["An Ångström"]
    assert [m["message_text"] for m in ask(q="1.7 Å")] == ["Resolution 1.7 Å"]
    assert ask(q="&#197;ngstr") == []


def test_the_last_day_of_a_range_given_as_a_date_belongs_to_it(legacy_site: Site, ask: Ask) -> None:
    with_time(legacy_site.file(DEPOSITION), "midnight", "2031-05-06 00:00:00")
    assert "midnight" in [m["message_id"] for m in ask(since="2031-05-06", until="2031-05-06")]


@pytest.mark.parametrize("profile", [PROFILES[0], *DUAL])
def test_a_row_whose_timestamp_cannot_be_read_stays_visible(legacy_site: Site, profile: str) -> None:
    legacy_site.import_all()
    with_time(legacy_site.file(DEPOSITION), "odd", "a while ago")
    with_time(legacy_site.file(DEPOSITION), "none", "?")
    messages = (legacy_site.client(legacy_site.app(profile)).get(URL).json or {})["messages"]
    odd = {m["message_id"]: m["timestamp"] for m in messages}
    assert len(messages) == 12
    assert (odd["odd"], odd["none"]) == ("a while ago", None)


@pytest.mark.parametrize("limit", ["1", "3", "9"])
def test_pages_show_every_message_once_while_messages_are_appended(client: FlaskClient, ask: Ask, limit: str) -> None:
    known = [m["message_id"] for m in ask()]
    seen: list[str] = []
    query = {"limit": limit}
    while len(seen) < len(known):
        body = client.get(URL, query_string=query).json or {}
        seen += [m["message_id"] for m in body["messages"]]
        assert client.post(URL, json={"message_text": "meanwhile"}).status_code == 201
        query = {"limit": limit, "cursor": body["next"]}
    assert seen[: len(known)] == known
    assert len(set(seen)) == len(seen)


def test_the_last_page_has_no_next_and_the_page_before_has_one(client: FlaskClient) -> None:
    assert (client.get(URL, query_string={"limit": "10"}).json or {})["next"] is None
    first = client.get(URL, query_string={"limit": "9"}).json or {}
    rest = client.get(URL, query_string={"cursor": first["next"]}).json or {}
    assert (len(first["messages"]), len(rest["messages"]), rest["next"]) == (9, 1, None)


def test_a_list_holds_two_hundred_messages_unless_told_otherwise(site: Site) -> None:
    client = site.client(site.app("cif-only"))
    client.post(URL, json={"message_text": "first"})
    path = site.file(DEPOSITION)
    io = legacy.opened(path)
    row = dict(legacy.rows(path)[0])
    for n in range(205):
        io.appendMessage(row | {"ordinal_id": str(n + 2), "message_id": f"m{n}"})
    assert io.write(str(path))

    body = client.get(URL).json or {}
    assert len(body["messages"]) == 200
    assert body["next"]
    assert len((client.get(URL, query_string={"limit": "1000"}).json or {})["messages"]) == 206


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"cursor": "nonsense"}, "cursor"),
        ({"cursor": "W1tb" * 2000}, "cursor"),
        ({"cursor": "Ä"}, "cursor"),
        ({"cursor": encoded("[]")}, "cursor"),
        ({"cursor": encoded('{"a": 1}')}, "cursor"),
        ({"cursor": encoded('["2022", "x", 1]')}, "cursor"),
        ({"cursor": encoded('["2022", Infinity, 1]')}, "cursor"),
        ({"limit": "0"}, "limit"),
        ({"limit": "1001"}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"since": "yesterday"}, "since"),
        ({"until": "2022-01-01T00:00:00Z"}, "until"),
        ({"since": "2022-13-45"}, "since"),
        ({"send_status": "maybe"}, "send_status"),
        ({"content_type": "letters"}, "content_type"),
        ({"sendstatus": "Y"}, "sendstatus"),
    ],
)
def test_a_query_that_means_nothing_is_refused_naming_the_parameter(
    client: FlaskClient, query: dict[str, str], field: str
) -> None:
    answer = client.get(URL, query_string=query)
    assert answer.status_code == 422
    assert [f["field"] for f in (answer.json or {})["error"]["details"]["fields"]] == [field]
