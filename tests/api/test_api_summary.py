"""The global checks over HTTP (reference section 7.4)."""

from typing import Any

from flask.testing import FlaskClient
from support.site import Site

URL = "/api/v1/depositions/D_1000000042"
QUIET = {
    "all_msgs_read": True,
    "all_msgs_actioned": True,
    "any_msgs_for_release": False,
    "any_unactioned_approval": False,
    "any_notes_exist": False,
    "any_annotator_or_flagged_notes": False,
    "only_flagged_mail": False,
    "num_notes_records": 0,
}


def summary(client: FlaskClient) -> dict[str, Any]:
    answer = client.get(f"{URL}/summary")
    assert answer.status_code == 200, answer.text
    return {name: value for name, value in (answer.json or {}).items() if name in QUIET}


def send(client: FlaskClient, kind: str, **body: str) -> None:
    fields = {"message_text": "t", "content_type": kind} | body
    assert client.post(f"{URL}/messages", json=fields).status_code == 201


def test_the_checks_follow_a_depositors_approval_from_arrival_to_action(site: Site) -> None:
    client = site.client(site.app("dual-write-db-read"))
    send(client, "messages-to-depositor", message_subject="Release request")
    assert summary(client) == QUIET

    approval = "Approval without corrections"
    send(client, "messages-from-depositor", message_id="a", context_type=approval, message_subject=approval)
    unseen = {"all_msgs_read": False, "all_msgs_actioned": False, "any_unactioned_approval": True}
    assert summary(client) == QUIET | unseen

    client.post(f"{URL}/messages/a/read", json={})
    assert summary(client) == QUIET | unseen | {"all_msgs_read": True}

    done = {"read_status": "Y", "action_reqd": "N", "for_release": "N"}
    client.put(f"{URL}/messages/a/status", json=done)
    assert summary(client) == QUIET


def test_a_release_request_counts_before_anybody_has_read_it(site: Site) -> None:
    client = site.client(site.app("dual-write-cif-read"))
    send(client, "messages-from-depositor", message_id="r", message_subject="Release request")
    assert summary(client)["any_msgs_for_release"] is True
    client.put(f"{URL}/messages/r/status", json={"read_status": "Y", "action_reqd": "N", "for_release": "N"})
    assert summary(client)["any_msgs_for_release"] is False


def test_notes_are_told_from_flagged_mail(site: Site) -> None:
    client = site.client(site.app("db-only"))
    send(client, "notes-from-annotator", message_type="archive_auto")
    assert summary(client) == QUIET | {"any_notes_exist": True, "num_notes_records": 1}
    send(client, "notes-from-annotator", message_type="archive_auto_flag")
    flagged = {"any_notes_exist": True, "any_annotator_or_flagged_notes": True, "only_flagged_mail": True}
    assert summary(client) == QUIET | flagged | {"num_notes_records": 2}
    send(client, "notes-from-annotator")
    assert summary(client) == QUIET | flagged | {"only_flagged_mail": False, "num_notes_records": 3}


def test_a_deposition_nobody_knows_has_no_summary(site: Site) -> None:
    for profile in ("cif-only", "dual-write-cif-read"):
        assert site.client(site.app(profile)).get(f"{URL}/summary").status_code == 404


def test_a_damaged_file_makes_the_checks_fail_and_never_says_that_all_is_well(site: Site) -> None:
    client = site.client(site.app("cif-only"))
    send(client, "messages-from-depositor")
    site.file("D_1000000042", "messages-from-depositor").write_bytes(b"garbage")
    answer = client.get(f"{URL}/summary")
    assert answer.status_code == 500
    assert (answer.json or {})["error"]["code"] == "damaged_file"
