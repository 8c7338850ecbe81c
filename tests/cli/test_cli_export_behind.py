"""`msgmodule export` where a mark, a kept change or a recorded signature alone says what the files lack."""

import json
from pathlib import Path

import pytest
from support import legacy
from support.command import msgmodule
from support.dual import DEP, Dual, away, dual, set_back
from support.site import DUAL, Site

from service.storage.cif.lock import lock_of
from service.storage.markers import Markers


def exported(site: Site, *arguments: str, profile: str = "db-only") -> tuple[int, dict[str, int]]:
    """Export as the command does, and give what it counts above nothing."""
    done = msgmodule(site, "export", *arguments, "--json", profile=profile, MSGMODULE_LOCK_TIMEOUT="0.1")
    return done.returncode, {name: count for name, count in json.loads(done.stdout).items() if count}


def ids(path: Path) -> list[str]:
    return [row["message_id"] for row in legacy.rows(path)]


@pytest.fixture
def both(site: Site) -> Dual:
    """One message in both stores."""
    made = dual(site, "dual-write-db-read")
    made.append("m1")
    made.read()
    assert made.is_equal()
    return made


def test_what_the_database_alone_says_is_behind_is_written_though_a_power_cut_took_the_mark(both: Dual) -> None:
    dual(both.site, "db-only").append("late")
    (both.site.root / "state" / "cif-behind" / DEP).unlink()
    assert exported(both.site) == (0, {"found": 1, "written": 1})
    assert ids(both.file()) == ["m1", "late"]


def test_a_mark_that_a_killed_worker_left_is_found_and_taken_away(both: Dual) -> None:
    Markers(both.site.root / "state").set(DEP)
    assert exported(both.site) == (0, {"found": 1, "written": 1})
    assert both.kept("cif-behind") == []
    assert exported(both.site) == (0, {})


def test_a_file_that_cannot_be_locked_is_a_failure_and_stays_behind(both: Dual) -> None:
    dual(both.site, "db-only").append("late")
    lock_of(both.file()).touch()
    assert exported(both.site) == (1, {"found": 1, "failed": 1})
    assert ids(both.file()) == ["m1"]
    lock_of(both.file()).unlink()
    assert exported(both.site) == (0, {"found": 1, "written": 1})
    assert ids(both.file()) == ["m1", "late"]


def test_a_file_that_is_gone_is_made_again_and_is_nobody_elses(both: Dual) -> None:
    dual(both.site, "db-only").append("late")
    both.file().unlink()
    assert exported(both.site) == (0, {"found": 1, "written": 1})
    assert ids(both.file()) == ["m1", "late"]


def test_a_file_of_which_nothing_is_recorded_is_merged(site: Site) -> None:
    dual(site, "db-only").append("first")
    dual(site, "cif-only").append("theirs")
    assert exported(site) == (0, {"found": 1, "written": 1})
    assert sorted(ids(site.file(DEP))) == ["first", "theirs"]


@pytest.mark.parametrize("profile", DUAL)
def test_a_change_that_waits_is_written_where_a_snapshot_of_the_disk_set_its_file_back(both: Dual, profile: str) -> None:
    with set_back(both), away(both):
        both.append("kept")
    assert exported(both.site, "--deposition", DEP, profile=profile) == (0, {"found": 1, "written": 1})
    assert ids(both.file()) == ["m1", "kept"]


def test_a_folder_gets_what_waits_for_the_database(both: Dual, tmp_path: Path) -> None:
    with away(both):
        both.append("kept")
    assert exported(both.site, "--all", "--output-dir", str(tmp_path / "out")) == (0, {"found": 1, "written": 1})
    assert ids(tmp_path / "out" / DEP / both.file().name) == ["m1", "kept"]


def test_a_file_of_ours_in_a_folder_that_another_program_edited_is_left(both: Dual, tmp_path: Path) -> None:
    into = ("--all", "--output-dir", str(tmp_path / "out"))
    assert exported(both.site, *into) == (0, {"found": 1, "written": 1})
    edited = tmp_path / "out" / DEP / both.file().name
    legacy.append(edited, message_id="theirs", message_subject="s", message_text="t")
    assert exported(both.site, *into) == (1, {"found": 1, "refused": 1})
    assert ids(edited) == ["m1", "theirs"]
