"""`msgmodule recent` as an operator runs it: options, forms, pages over every profile, and how it exits."""

import csv
import io
import json
from pathlib import Path

import pytest
from support import legacy
from support.command import DOWN, in_a_process, msgmodule
from support.contract import append
from support.site import DEPOSITION, PROFILES, Site

from service.storage.markers import Markers

OTHER = "D_9000277853"
ALL = ("--days", "36500")
CSV = (
    "message_id,deposition_data_set_id,timestamp,sender,message_subject,message_type,content_type,context_type,"
    "context_value,parent_message_id,send_status,has_attachments,read_status,action_reqd,for_release"
)


@pytest.fixture
def imported(legacy_site: Site) -> Site:
    legacy_site.import_all()
    return legacy_site


def listed(site: Site, *arguments: str, profile: str = "cif-only") -> list[dict[str, object]]:
    done = msgmodule(site, "recent", *arguments, profile=profile)
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert found["count"] == len(found["messages"])
    return list(found["messages"])


@pytest.mark.parametrize("arguments", [(), ("--keywords", "the", "structure"), ("--sender", "A"), ("--text",)])
def test_every_profile_lists_the_same(imported: Site, arguments: tuple[str, ...]) -> None:
    lists = [listed(imported, *ALL, *arguments, profile=profile) for profile in PROFILES]
    assert lists[0]
    assert lists == [lists[0]] * len(PROFILES)


def test_the_newest_come_first_with_what_upstream_shows(imported: Site) -> None:
    found = listed(imported, *ALL, profile="db-only")
    assert len(found) == 15
    times = [str(m["timestamp"]) for m in found]
    assert times == sorted(times, reverse=True)
    assert all(time[10] == "T" for time in times)
    assert list(found[0]) == CSV.replace("has_attachments", "file_attachments").split(",")
    files = [file for m in found for file in m["file_attachments"]]  # type: ignore[attr-defined]
    assert files
    assert {type(file["version_id"]) for file in files} == {int}


def test_json_may_be_asked_for_as_everywhere(imported: Site) -> None:
    assert listed(imported, *ALL, "--json") == listed(imported, *ALL)
    assert msgmodule(imported, "recent", *ALL, "--json", "--format", "csv").returncode == 2


def test_what_a_terminal_cannot_show_is_spelt_out(imported: Site) -> None:
    append(imported.services("cif-only").stores.cif, DEPOSITION, "odd", message_subject="1.7 Ångström")
    done = in_a_process(imported, "recent", *ALL, "--format", "text", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert "1.7 \\xc5ngstr\\xf6m" in done.stdout


def test_the_end_of_a_list_is_in_the_json_log(imported: Site, tmp_path: Path) -> None:
    listed(imported, *ALL, "--json-log", str(tmp_path / "log"))
    (entry,) = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert (entry["event"], entry["count"], entry["unreadable"]) == ("list ended", 15, 0)


def test_options_take_several_values_and_all_must_hold(imported: Site) -> None:
    both = listed(imported, *ALL, "--depositions", DEPOSITION, OTHER.lower(), "--content-type", "messages-to-depositor")
    assert {m["deposition_data_set_id"] for m in both} == {DEPOSITION, OTHER}
    assert {m["content_type"] for m in both} == {"messages-to-depositor"}
    one = listed(imported, "--depositions", DEPOSITION, *ALL)
    assert {m["deposition_data_set_id"] for m in one} == {DEPOSITION}
    start = str(both[0]["timestamp"]).replace("T", " ")
    assert listed(imported, "--start-date", start, "--end-date", start)[0]["timestamp"] == both[0]["timestamp"]
    assert listed(imported, "--start-date", "2001/01/01", "--end-date", start[:10])[0]["timestamp"] < start[:10]  # type: ignore[operator]


@pytest.mark.parametrize("profile", ["cif-only", "db-only"])
def test_words_of_any_script_and_their_beginnings_are_found(imported: Site, profile: str) -> None:
    services = imported.services(profile)
    append(services.stores.chain(services.settings.profile), OTHER, "new", message_text="a resolution of 1.7 Ångström")
    for word in ("ångström", "ÅNGS", "1.7", "resolution"):
        assert "new" in [m["message_id"] for m in listed(imported, "--days", "9999", "--keywords", word, profile=profile)]
    assert not listed(imported, "--days", "9999", "--keywords", "gström", profile=profile)
    assert listed(imported, "--days", "9999", "--keywords", "gström", "--substring", profile=profile)


def test_csv_and_text_hold_the_same_messages(imported: Site) -> None:
    found = listed(imported, *ALL)
    table = msgmodule(imported, "recent", *ALL, "--format", "csv").stdout
    assert table.splitlines()[0] == CSV
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["message_id"] for row in rows] == [m["message_id"] for m in found]
    assert [row["has_attachments"] for row in rows] == ["Y" if m["file_attachments"] else "N" for m in found]
    text = msgmodule(imported, "recent", *ALL, "--format", "text").stdout
    assert text.startswith(f"{len(found)} messages\n")
    assert [line.split()[1] for line in text.splitlines() if line.startswith("ID:")] == [m["message_id"] for m in found]


def test_an_output_file_appears_whole_and_compact_is_one_line(imported: Site) -> None:
    target = imported.root / "list.json"
    done = msgmodule(imported, "recent", *ALL, "--compact", "--output", str(target))
    assert (done.returncode, done.stdout) == (0, "")
    assert target.read_text().count("\n") == 1
    assert json.loads(target.read_text())["messages"] == listed(imported, *ALL)
    assert msgmodule(imported, "recent", *ALL, "--output", "/nonexistent/list.json").returncode == 1


def test_nothing_but_the_list_is_on_stdout(imported: Site) -> None:
    done = in_a_process(imported, "recent", *ALL, profile="db-only")
    assert (done.returncode, json.loads(done.stdout)["count"]) == (0, 15)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), 2),
        (("--days", "3", "--start-date", "2026-01-01"), 2),
        (("--days", "x"), 2),
        (("--days", "3", "--deposition", "nonsense"), 2),
        (("--days", "3", "--site-id", "PDBJ"), 2),
        (("--start-date", "01.02.2026"), 2),
    ],
)
def test_what_makes_no_list_is_refused(imported: Site, arguments: tuple[str, ...], code: int) -> None:
    done = msgmodule(imported, "recent", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr


def test_a_damaged_file_is_told_and_the_others_are_listed(imported: Site) -> None:
    path = imported.file(DEPOSITION)
    path.write_bytes(path.read_bytes()[:2000])
    done = msgmodule(imported, "recent", *ALL)
    assert done.returncode == 1
    assert str(path) in done.stderr
    assert {m["deposition_data_set_id"] for m in json.loads(done.stdout)["messages"]} == {OTHER}


def test_the_files_answer_for_a_database_that_is_down_unless_they_lack_something(imported: Site) -> None:
    down = Site(imported.root, DOWN)
    assert listed(down, *ALL, profile="dual-write-db-read") == listed(imported, *ALL)
    services = down.services("dual-write-cif-read")
    append(services.stores.chain(services.settings.profile), OTHER, "kept")
    assert listed(down, "--days", "9999", profile="dual-write-db-read")[-1]["message_id"]
    Markers(imported.root / "state").set(OTHER)
    done = msgmodule(down, "recent", *ALL, profile="dual-write-db-read")
    assert (done.returncode, done.stdout, "lack" in done.stderr) == (1, "", True)
    done = msgmodule(down, "recent", *ALL, profile="db-only")
    assert (done.returncode, done.stdout) == (1, "")


def test_changes_that_wait_for_the_database_are_brought_in_first(imported: Site) -> None:
    services = Site(imported.root, DOWN).services("dual-write-cif-read")
    append(services.stores.chain(services.settings.profile), OTHER, "kept")
    found = listed(imported, *ALL, profile="dual-write-db-read")
    assert "kept" in [m["message_id"] for m in found]


def test_a_named_deposition_is_compared_with_its_files_first(imported: Site) -> None:
    legacy.append(imported.file(OTHER), message_id="foreign", message_subject="by hand", message_text="x", send_status="Y")
    assert "foreign" in [
        m["message_id"] for m in listed(imported, *ALL, "--deposition", OTHER, profile="dual-write-db-read")
    ]


def test_a_missing_tree_is_an_error_and_not_an_empty_list(imported: Site, tmp_path: Path) -> None:
    imported.archive.rename(tmp_path / "away")
    done = msgmodule(imported, "recent", *ALL)
    assert (done.returncode, done.stdout) == (1, "")
