"""Reading and tagging over HTTP (reference section 7.3) under a profile of each store."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from support import legacy
from support.site import Site

DEPOSITION = "D_1000000042"
URL = f"/api/v1/depositions/{DEPOSITION}/messages"
FROM = {"message_text": "t", "content_type": "messages-from-depositor", "sender": "depositor - Cat, T."}
RELEASE_SUBJECTS = ("Release request", "Release with citation update", "Citation update")


@pytest.fixture(params=["dual-write-cif-read", "db-only"])
def client(request: pytest.FixtureRequest, site: Site) -> FlaskClient:
    """A client of a profile of each store; message `m` is a depositor's."""
    found = site.client(site.app(request.param))
    assert found.post(URL, json=FROM | {"message_id": "m", "message_subject": "Other"}).status_code == 201
    return found


def flags(body: dict[str, Any] | None) -> str:
    """Give read, action and release of an answer in three letters."""
    status = (body or {})["status"]
    return f"{status['read_status']}{status['action_reqd']}{status['for_release']}"


def read(client: FlaskClient, message_id: str = "m", **given: str) -> str:
    answer = client.post(f"{URL}/{message_id}/read", json=given)
    assert answer.status_code == 200, answer.text
    assert flags(client.get(f"{URL}/{message_id}").json) == flags(answer.json)
    return flags(answer.json)


def tag(client: FlaskClient, letters: str, message_id: str = "m") -> str:
    body = dict(zip(("read_status", "action_reqd", "for_release"), letters, strict=True))
    answer = client.put(f"{URL}/{message_id}/status", json=body)
    assert answer.status_code == 200, answer.text
    assert flags(client.get(f"{URL}/{message_id}").json) == flags(answer.json)
    return flags(answer.json)


def test_a_message_has_no_status_until_somebody_reads_or_tags_it(client: FlaskClient) -> None:
    assert (client.get(f"{URL}/m").json or {})["status"] is None


def test_the_first_reading_leaves_the_action_required(client: FlaskClient) -> None:
    assert read(client) == "YYN"


def test_the_first_reading_takes_the_flags_it_is_given(client: FlaskClient) -> None:
    assert read(client, action_reqd="N", for_release="Y") == "YNY"


def test_a_later_reading_changes_read_alone(client: FlaskClient) -> None:
    assert tag(client, "NNY") == "NNY"
    assert read(client, action_reqd="Y", for_release="N") == "YNY"
    assert read(client, action_reqd="Y", for_release="N") == "YNY"


@pytest.mark.parametrize("subject", RELEASE_SUBJECTS)
def test_the_first_reading_of_a_release_subject_flags_it_for_release(client: FlaskClient, subject: str) -> None:
    client.post(URL, json=FROM | {"message_id": "r", "message_subject": subject})
    client.post(URL, json={"message_text": "t", "message_id": "own", "message_subject": subject})
    assert read(client, "r", for_release="N") == "YYY"
    assert read(client, "own") == "YYN"


def test_a_tag_on_a_release_subject_is_taken_as_given(client: FlaskClient) -> None:
    client.post(URL, json=FROM | {"message_id": "r", "message_subject": "Release request"})
    assert tag(client, "NNN", "r") == "NNN"
    assert read(client, "r") == "YNN"


@pytest.mark.parametrize(
    ("before", "tagged", "after"), [("YYN", "NNY", "NNY"), ("NNY", "YYN", "NYN"), ("YNN", "YYY", "YYY")]
)
def test_a_tag_unreads_a_message_but_never_reads_one(client: FlaskClient, before: str, tagged: str, after: str) -> None:
    assert tag(client, before) == before
    assert tag(client, tagged) == after


def test_statuses_of_all_three_kinds_live_in_the_file_to_the_depositor(site: Site) -> None:
    client = site.client(site.app("dual-write-db-read"))
    client.post(URL, json=FROM | {"message_id": "from"})
    client.post(URL, json={"message_text": "t", "message_id": "note", "content_type": "notes-from-annotator"})
    read(client, "from")
    read(client, "note")
    rows = legacy.rows(site.file(DEPOSITION), "pdbx_deposition_message_status")
    assert [(r["message_id"], r["deposition_data_set_id"]) for r in rows] == [("from", DEPOSITION), ("note", DEPOSITION)]


def test_a_body_may_be_left_out_when_reading(client: FlaskClient) -> None:
    answer = client.post(f"{URL}/m/read")
    assert (answer.status_code, flags(answer.json)) == (200, "YYN")


def test_an_unknown_message_gets_no_status(client: FlaskClient) -> None:
    full = {"read_status": "Y", "action_reqd": "Y", "for_release": "Y"}
    assert client.post(f"{URL}/x/read", json={}).status_code == 404
    assert client.put(f"{URL}/x/status", json=full).status_code == 404
    assert client.put(URL.replace(DEPOSITION, "D_7") + "/m/status", json=full).status_code == 404
    assert (client.get(f"{URL}/m").json or {})["status"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"read_status": "Y", "action_reqd": "Y"}, "for_release"),
        ({"read_status": "Y", "action_reqd": "Y", "for_release": "maybe"}, "for_release"),
        ({"read_status": True, "action_reqd": "Y", "for_release": "Y"}, "read_status"),
        ({"read_status": "Y", "action_reqd": "Y", "for_release": "Y", "read": "Y"}, "read"),
    ],
)
def test_flags_that_are_none_are_refused_naming_the_field(client: FlaskClient, body: dict[str, Any], field: str) -> None:
    answer = client.put(f"{URL}/m/status", json=body)
    assert answer.status_code == 422
    assert [f["field"] for f in (answer.json or {})["error"]["details"]["fields"]] == [field]


def test_two_annotators_who_tag_at_once_keep_each_others_messages(client: FlaskClient) -> None:
    client.post(URL, json=FROM | {"message_id": "n"})
    tag(client, "YNN")
    tag(client, "NYY", "n")
    assert flags(client.get(f"{URL}/m").json) == "YNN"
    assert flags(client.get(f"{URL}/n").json) == "NYY"
