"""Sending over HTTP: what a message is completed with, what it brings along, and what a repeat does."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from support import legacy
from support.site import DEPOSITION, DUAL, PROFILES, Site

NEW = "D_1000000042"
URL = f"/api/v1/depositions/{NEW}/messages"
GROUP = "G_1002003"


def client_of(site: Site, profile: str = "dual-write-db-read", **more: str) -> FlaskClient:
    return site.client(site.app(profile, **more))


def sent(client: FlaskClient, status: int = 201, url: str = URL, **body: Any) -> dict[str, Any]:
    answer = client.post(url, json={"message_text": "t"} | body)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json or {}
    return found


@pytest.mark.parametrize("profile", PROFILES)
def test_a_message_that_says_nothing_else_is_completed_by_the_rules(site: Site, profile: str) -> None:
    client = client_of(site, profile)
    written = sent(client)
    message = written["message"]

    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", message["message_id"])
    assert message["parent_message_id"] == message["message_id"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", message["timestamp"])
    expected = {"sender": "wwPDB annotator", "message_type": "text", "send_status": "Y", "status": None, "ordinal_id": 1}
    assert expected.items() <= message.items()
    assert message["content_type"] == "messages-to-depositor"
    stores = site.settings(profile).profile.writes
    assert written["stores"] == dict.fromkeys(stores, "written")
    assert client.get(f"{URL}/{message['message_id']}").json == message


def test_what_was_sent_reaches_the_file_that_a_legacy_program_reads(site: Site) -> None:
    text = "Dear Åsa,\n;semicolon first\nbest & <b>regards</b> 'quoted' \"twice\"\n"
    sent(client_of(site), message_text=text, message_subject="Größe?", sender="JD")
    [row] = legacy.rows(site.file(NEW))
    assert (row["message_text"], row["message_subject"], row["sender"]) == (text, "Größe?", "JD")


@pytest.mark.parametrize("sender", [None, "", "dep", "unknown"])
def test_a_nameless_annotator_signs_as_the_site_and_a_depositor_does_not(site: Site, sender: str | None) -> None:
    client = client_of(site)
    assert sent(client, sender=sender)["message"]["sender"] == "wwPDB annotator"
    given = sent(client, sender=sender, content_type="messages-from-depositor")["message"]["sender"]
    assert given == (sender or None)


@pytest.mark.parametrize(
    ("context_type", "context_value", "text", "expected"),
    [
        ("vldtn", None, "MAJOR issues and Outstanding Issues", "major-issue-in-validation"),
        ("vldtn", None, "major issues only", None),
        ("vldtn", None, "outstanding issues only", None),
        ("vldtn", "own", "major issue, outstanding issue", "own"),
        ("other", None, "major issue, outstanding issue", None),
    ],
)
def test_a_validation_letter_about_major_issues_is_marked(
    site: Site, context_type: str, context_value: str | None, text: str, expected: str | None
) -> None:
    written = sent(client_of(site), context_type=context_type, context_value=context_value, message_text=text)
    assert written["message"]["context_value"] == expected


@pytest.mark.parametrize("profile", PROFILES)
def test_a_repeat_changes_nothing_and_other_content_is_a_conflict(site: Site, profile: str) -> None:
    client = client_of(site, profile)
    body: dict[str, Any] = {
        "message_id": "retry-1",
        "message_subject": "s",
        "files": [{"content_type": "model-annotate", "content_format": "pdbx", "version_id": 2}],
    }
    first = sent(client, **body)
    before = site.files()
    again = sent(client, 200, **body)
    assert again["message"] == first["message"]
    assert client.post(f"{URL}/retry-1/read").status_code == 200
    before = site.files()
    assert sent(client, 200, **body)["message"] == (client.get(f"{URL}/retry-1").json or {})
    others: tuple[dict[str, Any], ...] = (
        {"message_subject": "x"},
        {"files": []},
        {"content_type": "notes-from-annotator"},
    )
    for other in others:
        error = sent(client, 409, **body | other)["error"]
        assert error["code"] == "conflict"
        assert "retry-1" in error["message"]
    assert site.files() == before
    assert len((client.get(URL).json or {})["messages"]) == 1


def test_file_references_are_numbered_and_may_differ_in_format_alone(site: Site) -> None:
    client = client_of(site)
    files = [{"content_type": "validation-data-annotate", "content_format": f} for f in ("xml", "pdbx")]
    first = sent(client, files=files)["message"]["files"]
    second = sent(client, files=[files[0] | {"upload_file_name": "Ångström data.xml"}])["message"]["files"]
    assert [(f["ordinal_id"], f["content_format"]) for f in first + second] == [(1, "xml"), (2, "pdbx"), (3, "xml")]
    assert second[0] | {"message_id": ""} == {
        "ordinal_id": 3,
        "message_id": "",
        "deposition_data_set_id": NEW,
        "content_type": "validation-data-annotate",
        "content_format": "xml",
        "partition_number": 1,
        "version_id": 1,
        "storage_type": "archive",
        "upload_file_name": "Ångström data.xml",
    }
    assert len(legacy.rows(site.file(NEW), "pdbx_deposition_message_file_reference")) == 3


@pytest.mark.parametrize("message_type", ["archive", "archive_auto_flag", "forward_manual", "forward"])
def test_archived_and_forwarded_mail_carries_its_origin(site: Site, message_type: str) -> None:
    client = client_of(site)
    given = sent(client, message_type=message_type, original={"orig_sender": "åsa@example.org"})["message"]
    assert [o["orig_sender"] for o in given["original"]] == ["åsa@example.org"]
    assert given["original"][0]["message_id"] == given["message_id"]
    bare = sent(client, message_type=message_type)["message"]
    assert [o["ordinal_id"] for o in bare["original"]] == [2]
    assert client.get(f"{URL}/{given['message_id']}").json == given


def test_an_origin_is_taken_as_the_list_that_an_answer_holds(site: Site) -> None:
    client = client_of(site)
    mail = [{"orig_sender": "a@example.org"}]
    given = sent(client, message_type="archive", original=mail)["message"]
    assert [o["orig_sender"] for o in given["original"]] == ["a@example.org"]
    assert sent(client, original=[])["message"]["original"] == []
    assert (
        sent(client, 422, message_type="archive", original=mail * 2)["error"]["details"]["fields"][0]["field"] == "original"
    )


@pytest.mark.parametrize("message_type", ["text", "archive_auto_noorig"])
def test_other_messages_carry_no_origin(site: Site, message_type: str) -> None:
    client = client_of(site)
    error = sent(client, 422, message_type=message_type, original={})["error"]
    assert [f["field"] for f in error["details"]["fields"]] == ["original"]
    assert sent(client, message_type=message_type)["message"]["original"] == []


def test_a_group_keeps_messages_in_its_own_folder_and_refuses_files(site: Site) -> None:
    client = client_of(site)
    url = f"/api/v1/depositions/{GROUP}/messages"
    files = [{"content_type": "model-annotate", "content_format": "pdbx"}]
    error = sent(client, 422, url, files=files)["error"]
    assert [f["field"] for f in error["details"]["fields"]] == ["files"]
    assert site.files() == {}
    assert sent(client, url=url.lower())["message"]["deposition_data_set_id"] == GROUP
    assert list(site.files()) == [f"data/autogroup/{GROUP}/{GROUP}_messages-to-depositor_P1.cif.V1"]


@pytest.mark.parametrize("profile", PROFILES)
def test_a_first_message_begins_a_deposition_unless_that_is_switched_off(site: Site, profile: str) -> None:
    client = client_of(site, profile, MSGMODULE_CREATE_DEPOSITIONS="false")
    assert client.get(URL).status_code == 404
    assert sent(client, 404)["error"]["code"] == "not_found"
    assert client.get(URL).status_code == 404
    assert list(site.archive.iterdir()) == []
    allowing = client_of(site, profile)
    sent(allowing)
    assert len((allowing.get(URL).json or {})["messages"]) == 1
    sent(client)


@pytest.mark.parametrize("profile", DUAL)
def test_a_reply_keeps_the_parent_it_names_even_an_unknown_one(site: Site, profile: str) -> None:
    client = client_of(site, profile)
    reply = sent(client, url=URL.replace(NEW, DEPOSITION), parent_message_id="of-another-deposition")["message"]
    assert reply["parent_message_id"] == "of-another-deposition"
