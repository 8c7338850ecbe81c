"""`msgmodule verify` as an operator runs it: it compares everything, changes nothing, passes nothing unread."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from support import legacy
from support.command import DOWN, msgmodule
from support.site import DEPOSITION, DUAL, Site

from service.sync.verified import VerifyRecord

OTHER = "D_9000277853"


@pytest.fixture
def archive(legacy_site: Site) -> Site:
    """The real files, in both stores."""
    legacy_site.import_all()
    return legacy_site


def verified(site: Site, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = msgmodule(site, "verify", *(arguments or ("--all",)), "--json")
    return done.returncode, json.loads(done.stdout)


def execute(site: Site, statement: str) -> None:
    """Change the database behind everybody's back."""
    with sqlite3.connect(site.root / "messages.db") as connection:
        connection.execute(statement)
    connection.close()


def record(site: Site) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((site.root / "state" / "verify.json").read_text())
    return found


def test_an_imported_archive_is_equal_and_the_result_is_kept(archive: Site) -> None:
    files = archive.files()
    code, body = verified(archive)
    assert (code, body["compared"], body["equal"], body["differences"]) == (0, 2, 2, 0)
    kept = record(archive)["full"]
    assert (kept["full"], kept["compared"], kept["differences"]) == (True, 2, 0)
    assert kept["began"] < kept["ended"]
    assert archive.files() == files


@pytest.mark.parametrize(
    ("statement", "fields"),
    [
        ("UPDATE pdbx_deposition_message_info SET message_text = message_text || ' '", ["message_text"]),
        ("UPDATE pdbx_deposition_message_file_reference SET version_id = 77", ["version_id"]),
        ("UPDATE pdbx_deposition_message_origcomm_reference SET orig_sender = NULL", ["orig_sender"]),
        ("UPDATE pdbx_deposition_message_status SET for_release = 'x'", ["for_release"]),
        ("UPDATE pdbx_deposition_message_info SET ordinal_id = '99'", ["ordinal_id"]),
    ],
)
def test_a_field_that_differs_is_named_and_nothing_is_mended(archive: Site, statement: str, fields: list[str]) -> None:
    execute(archive, f"{statement} WHERE position = 1")
    code, body = verified(archive)
    assert code == 1
    assert body["differing"] == body["differences"] > 0
    assert {f for finding in body["findings"] for row in finding.get("rows", ()) for f in row["fields"]} == set(fields)
    assert verified(archive) == (code, body)


def test_a_row_that_one_side_lacks_is_named(archive: Site) -> None:
    execute(archive, "DELETE FROM pdbx_deposition_message_status WHERE deposition_data_set_id = 'D_0000265933'")
    done = msgmodule(archive, "verify", "--all")
    assert done.returncode == 1
    assert "missing in database" in done.stdout
    assert "differences: 1" in done.stdout


def test_a_file_that_a_legacy_program_wrote_is_a_difference_until_it_is_synced(archive: Site) -> None:
    legacy.append(archive.file(DEPOSITION), message_id="foreign", message_subject="s", message_text="t")
    code, body = verified(archive, "--deposition", DEPOSITION)
    [finding] = body["findings"]
    assert code == 1
    assert "foreign" in {row["message_id"] for row in finding["rows"]}
    assert "not the one that the database recorded" in finding["unsettled"][0]
    archive.import_all()
    assert verified(archive)[0] == 0


def test_what_only_one_side_has_is_told(archive: Site) -> None:
    for path in archive.file(OTHER).parent.iterdir():
        path.unlink()
    archive.file(OTHER).parent.rmdir()
    new = archive.archive / "D_1000000777"
    new.mkdir()
    (new / archive.file("D_1000000777").name).write_bytes(archive.file(DEPOSITION).read_bytes())
    code, body = verified(archive)
    assert (code, body["missing in files"], body["missing in database"], body["equal"]) == (1, 1, 1, 1)


def test_a_directory_without_messages_may_go(archive: Site) -> None:
    bare = archive.archive / "D_1000000777"
    bare.mkdir()
    archive.import_all()
    assert verified(archive)[0] == 0
    bare.rmdir()
    code, body = verified(archive)
    assert (code, body["equal"]) == (0, 3)


def test_a_damaged_file_is_never_a_match(archive: Site) -> None:
    path = archive.file(DEPOSITION)
    path.write_bytes(path.read_bytes()[:2000])
    code, body = verified(archive)
    assert (code, body["unreadable"], body["equal"]) == (1, 1, 1)
    assert str(path) in body["findings"][0]["error"]


def test_a_database_that_is_down_is_no_result(archive: Site) -> None:
    done = msgmodule(Site(archive.root, DOWN), "verify", "--all")
    assert (done.returncode, done.stdout) == (1, "")
    assert not (archive.root / "state" / "verify.json").exists()


def test_nothing_compared_is_no_pass(site: Site) -> None:
    assert verified(site)[0] == 1
    code, body = verified(site, "--deposition", "D_77")
    assert (code, body["unknown to both"]) == (1, 1)


def test_what_a_file_holds_beyond_the_categories_is_told_and_is_no_difference(archive: Site) -> None:
    path = archive.file(DEPOSITION)
    path.write_bytes(path.read_bytes() + b"_pdbx_audit.colour blue\n# \ndata_more\n_a.b 1\n# \n")
    notes = archive.file(DEPOSITION, "notes-from-annotator")
    notes.write_bytes(notes.read_bytes() + b"_pdbx_deposition_message_status.message_id m\n# \n")
    archive.import_all()
    code, body = verified(archive)
    [finding] = body["findings"]
    assert (code, body["beyond"], finding["outcome"]) == (0, 1, "equal")
    assert [what for what in finding["beyond"] if "pdbx_audit" in what or "further data block" in what]
    assert any("notes-from-annotator: category pdbx_deposition_message_status" in what for what in finding["beyond"])


def test_a_sample_is_smaller_and_does_not_count_as_a_full_verify(archive: Site) -> None:
    code, body = verified(archive, "--all", "--sample", "1")
    assert (code, body["compared"]) == (0, 1)
    assert "full" not in record(archive)
    assert record(archive)["last"]["compared"] == 1


@pytest.mark.parametrize("profile", DUAL)
def test_changes_that_wait_keep_the_stores_from_being_equal(archive: Site, profile: str) -> None:
    archive.app(profile)
    down = Site(archive.root, DOWN)
    message = {"message_id": "kept", "message_text": "t"}
    client = down.client(down.app(profile))
    assert client.post(f"/api/v1/depositions/{DEPOSITION}/messages", json=message).status_code == 201
    code, body = verified(archive)
    assert code == 1
    assert any("changes are kept" in what for f in body["findings"] for what in f["unsettled"])


def test_every_look_is_written_to_the_audit_trail(archive: Site, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    execute(archive, "UPDATE deposition SET cif_behind = 1 WHERE deposition_data_set_id = 'D_9000277853'")
    assert verified(archive, "--all", "--json-log", str(log))[0] == 1
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(line["event"], line["level"]) for line in lines] == [
        ("verified", "info"),
        ("verified", "warning"),
        ("verify ended", "info"),
    ]
    assert [line.get("deposition_data_set_id") for line in lines[:2]] == [DEPOSITION, OTHER]


def test_a_difference_stays_found_until_its_deposition_is_found_equal(archive: Site) -> None:
    doubted = VerifyRecord(archive.root / "state").doubted
    assert verified(archive)[0] == 0
    execute(archive, "UPDATE pdbx_deposition_message_info SET sender = 'x' WHERE deposition_data_set_id = 'D_9000277853'")
    assert verified(archive, "--deposition", OTHER)[0] == 1
    for other in (DEPOSITION, "D_999"):
        verified(archive, "--deposition", other)
        assert doubted() == [OTHER]
    assert msgmodule(archive, "reconcile", "--deposition", OTHER, profile=DUAL[0]).returncode == 0
    assert verified(archive, "--deposition", OTHER)[0] == 0
    assert doubted() == []


def test_a_verify_of_one_database_says_nothing_of_another(archive: Site, tmp_path: Path) -> None:
    assert verified(archive)[0] == 0
    other = Site(archive.root, f"sqlite:///{tmp_path}/other.db")
    assert msgmodule(other, "db", "init", "--adopt").returncode == 0
    assert VerifyRecord(archive.root / "state").full() is None
