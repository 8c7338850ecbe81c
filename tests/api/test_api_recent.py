"""`GET /api/v1/messages/recent`: pages, forms, and the refusal of what makes no list."""

import base64
from typing import Any

import pytest
from flask.testing import FlaskClient
from support.command import DOWN
from support.dual import DEP, QUICK, away, dual
from support.site import DEPOSITION, DUAL, PROFILES, Site

from service.cursors import cursor_of
from service.leases import leases_of
from service.storage.guard import GuardedDatabase
from service.storage.markers import Markers

URL = "/api/v1/messages/recent"
ALL = {"days": "36500"}


@pytest.fixture
def imported(legacy_site: Site) -> Site:
    legacy_site.import_all()
    return legacy_site


def client_of(site: Site, profile: str) -> FlaskClient:
    return site.client(site.app(profile), "messages:read")


def ask(client: FlaskClient, **query: Any) -> dict[str, Any]:
    answer = client.get(URL, query_string=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json or {})


@pytest.mark.parametrize("profile", PROFILES)
def test_pages_join_to_the_whole_list(imported: Site, profile: str) -> None:
    client = client_of(imported, profile)
    whole = ask(client, **ALL)
    assert (whole["count"], whole["next"], whole["unreadable"]) == (15, None, [])
    assert whole["served_by"] == ("database" if profile in PROFILES[2:] else "cif")
    assert whole["unverified"] == (profile == "dual-write-cif-read")
    joined: list[Any] = []
    cursor: dict[str, str] = {}
    for _ in range(4):
        page = ask(client, **ALL, **cursor, limit=4)
        joined += page["messages"]
        cursor = {"cursor": page["next"]}
    assert page["next"] is None
    assert joined == whole["messages"]


def test_times_are_as_everywhere_in_the_interface_and_texts_come_on_request(imported: Site) -> None:
    client = client_of(imported, "db-only")
    without, with_text = ask(client, **ALL)["messages"], ask(client, **ALL, text="true")["messages"]
    assert all(m["timestamp"][10] == " " for m in without)
    assert not any("message_text" in m for m in without)
    assert all(m["message_text"] for m in with_text)


def test_filters_may_be_repeated(imported: Site) -> None:
    client = client_of(imported, "db-only")
    found = ask(client, start="2001-01-01", deposition=[DEPOSITION, "D_77"], keyword=["the", "structure"])["messages"]
    assert found
    assert {m["deposition_data_set_id"] for m in found} == {DEPOSITION}
    kinds = ["messages-to-depositor", "notes-from-annotator"]
    assert {m["content_type"] for m in ask(client, **ALL, content_type=kinds)["messages"]} <= set(kinds)


@pytest.mark.parametrize(("form", "media_type"), [("csv", "text/csv"), ("text", "text/plain")])
def test_the_other_forms_say_in_headers_what_the_json_says_in_itself(imported: Site, form: str, media_type: str) -> None:
    answer = client_of(imported, "db-only").get(URL, query_string={**ALL, "format": form, "limit": "4"})
    assert answer.mimetype == media_type
    assert answer.headers["X-Served-By"] == "database"
    rest = client_of(imported, "db-only").get(URL, query_string={**ALL, "cursor": answer.headers["X-Next-Cursor"]})
    assert (rest.json or {})["count"] == 11


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"days": "1", "start": "2026-01-01"},
        {"days": "-1"},
        {"start": "yesterday"},
        {"days": "1", "end": "2026-13-01"},
        {"days": "1", "deposition": "nonsense"},
        {"days": "1", "keyword": ""},
        {"days": "1", "cursor": "bm9uZQ=="},
        {"days": "1", "cursor": "W10="},
        {"days": "1", "cursor": base64.urlsafe_b64encode(b"[" * 9000).decode()},
        {"days": "1", "cursor": cursor_of(("\ud800", "D_1", "x", 1))},
        {"days": "1", "cursor": cursor_of(("2026", "D_1", "x", 10**30))},
        {"days": "1", "cursor": cursor_of(("2026", "D_1", "x", 0))},
        {"days": "1", "unknown": "x"},
    ],
)
def test_what_makes_no_list_is_refused_with_its_field(imported: Site, query: dict[str, str]) -> None:
    answer = client_of(imported, "db-only").get(URL, query_string=query)
    assert answer.status_code == 422, answer.text
    assert (answer.json or {})["error"]["details"]["fields"]


@pytest.mark.parametrize("field", ["start", "end"])
def test_a_time_that_is_none_is_named_by_its_field(imported: Site, field: str) -> None:
    query = {"start": "2026-01-01", field: "yesterday"}
    answer = client_of(imported, "db-only").get(URL, query_string=query)
    assert [told["field"] for told in (answer.json or {})["error"]["details"]["fields"]] == [field]


def test_a_damaged_file_is_named_beside_what_is_listed(imported: Site) -> None:
    path = imported.file(DEPOSITION)
    path.write_bytes(path.read_bytes()[:2000])
    found = ask(client_of(imported, "cif-only"), **ALL)
    assert found["messages"]
    assert DEPOSITION not in {m["deposition_data_set_id"] for m in found["messages"]}
    assert [line.split(":")[0] for line in found["unreadable"]] == [DEPOSITION]


@pytest.mark.parametrize("profile", DUAL)
def test_a_damaged_file_for_which_a_change_waits_is_named_as_well(imported: Site, profile: str) -> None:
    client = client_of(imported, profile)
    both = dual(imported, profile)
    with away(both):
        both.append("waits", has_new_id=True)
    path = imported.file(DEP)
    path.write_bytes(path.read_bytes()[:-400])
    found = ask(client, **ALL)
    assert len(found["messages"]) >= 15
    assert [line.split(":")[0] for line in found["unreadable"]] == [DEP]


def test_files_that_cannot_be_read_are_no_outage_of_the_database(imported: Site) -> None:
    client = client_of(imported, "dual-write-db-read")
    imported.file(DEP).mkdir(parents=True)
    found = ask(client, **ALL, deposition=[DEP, DEPOSITION])
    assert (found["served_by"], [line.split(":")[0] for line in found["unreadable"]]) == ("database", [DEP])
    assert {m["deposition_data_set_id"] for m in found["messages"]} == {DEPOSITION}


@pytest.mark.parametrize("profile", ["cif-only", "db-only"])
def test_a_message_that_is_kept_for_the_database_is_listed_where_one_store_is_left(imported: Site, profile: str) -> None:
    both = dual(imported, "dual-write-cif-read", **QUICK)
    both.append("m1")
    old = both.old_copy()
    with away(both):
        both.append("kept", has_new_id=True)
    both.put_back(old)

    listed = ask(client_of(imported, profile), **ALL)

    assert "kept" in [message["message_id"] for message in listed["messages"]]
    assert listed["unverified"] == (profile == "cif-only")


def test_a_list_holds_up_a_move_as_every_request_does(imported: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    app = imported.app("dual-write-db-read")
    state_dir, seen = imported.root / "state", []
    slices = GuardedDatabase.recent

    def watched(*given: Any) -> Any:
        seen.append(leases_of(state_dir).oldest(99))
        return slices(*given)

    monkeypatch.setattr(GuardedDatabase, "recent", watched)
    ask(imported.client(app, "messages:read"), **ALL)
    assert seen == [1]


def test_a_store_that_is_down_is_never_an_empty_list(imported: Site) -> None:
    for profile in PROFILES[2:]:
        (imported.root / "state" / "profile.json").unlink(missing_ok=True)
        imported.app(profile)
        client = client_of(Site(imported.root, DOWN), profile)
        answer = client.get(URL, query_string=ALL)
        if profile == "db-only":
            assert answer.status_code == 503
        else:
            assert ((answer.json or {})["served_by"], (answer.json or {})["unverified"]) == ("cif", True)
            Markers(imported.root / "state").set(DEPOSITION)
            assert client.get(URL, query_string=ALL).status_code == 503


def test_reading_needs_its_scope(imported: Site) -> None:
    assert imported.client(imported.app("db-only"), "messages:write").get(URL, query_string=ALL).status_code == 403
