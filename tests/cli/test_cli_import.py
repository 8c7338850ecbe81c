"""`msgmodule import` as an operator runs it: what it brings in, what it says, and how it exits."""

import json
import sqlite3
from pathlib import Path

import pytest
from support.command import DOWN, msgmodule
from support.site import DEPOSITION, Site, make_site

OTHER = "D_9000277853"
COUNTS = ("found", "inserted", "updated", "unchanged", "healed", "conflicting", "damaged", "not_found", "failed")
NOTHING = dict.fromkeys(COUNTS, 0)


def rows(site: Site, table: str = "pdbx_deposition_message_info") -> list[tuple[object, ...]]:
    """Give a table of the database as it is, whoever wrote it."""
    with sqlite3.connect(site.root / "messages.db") as connection:
        found = connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - a name of ours
    connection.close()
    return found


def imported(site: Site, *selection: str) -> tuple[int, dict[str, int]]:
    done = msgmodule(site, "import", *selection, "--json")
    return done.returncode, json.loads(done.stdout)


def depositions(site: Site) -> set[object]:
    return {row[0] for row in rows(site, "deposition")}


def test_everything_is_imported_once_and_a_second_time_changes_nothing(legacy_site: Site) -> None:
    files = legacy_site.files()
    code, first = imported(legacy_site, "--all")
    assert code == 0
    assert first == NOTHING | {"found": 2, "inserted": 85}
    kept = rows(legacy_site)
    code, second = imported(legacy_site, "--all")
    assert (code, second) == (0, NOTHING | {"found": 2, "unchanged": 85})
    assert rows(legacy_site) == kept
    assert legacy_site.files() == files


@pytest.mark.parametrize("option", ["--deposition", "--depositions-file", "--directory"])
def test_a_selection_imports_what_it_names_and_nothing_else(legacy_site: Site, option: str) -> None:
    listed = legacy_site.root / "list.txt"
    listed.write_text(f"# the ones to move first\n\n  {DEPOSITION.lower()}\n")
    folder = legacy_site.root / "folder"
    (folder / DEPOSITION).mkdir(parents=True)
    (folder / "README").touch()
    value = {"--deposition": DEPOSITION.lower(), "--depositions-file": str(listed), "--directory": str(folder)}[option]
    code, totals = imported(legacy_site, option, value)
    assert (code, totals["found"]) == (0, 1)
    assert depositions(legacy_site) == {DEPOSITION}


def test_several_named_depositions_are_all_imported(legacy_site: Site) -> None:
    code, totals = imported(legacy_site, "--deposition", DEPOSITION, "--deposition", OTHER)
    assert (code, totals["found"]) == (0, 2)
    assert depositions(legacy_site) == {DEPOSITION, OTHER}


def test_a_damaged_file_is_told_and_does_not_stop_the_others(legacy_site: Site) -> None:
    path = legacy_site.file(DEPOSITION)
    path.write_bytes(path.read_bytes()[:2000])
    damaged = path.read_bytes()
    done = msgmodule(legacy_site, "import", "--all", "--json")
    totals = json.loads(done.stdout)
    assert (done.returncode, totals["found"], totals["damaged"]) == (1, 2, 1)
    assert str(path) in done.stderr
    assert depositions(legacy_site) == {OTHER}
    assert path.read_bytes() == damaged


def test_nothing_found_is_not_a_success(site: Site) -> None:
    done = msgmodule(site, "import", "--all", "--json")
    assert (done.returncode, json.loads(done.stdout)["found"]) == (1, 0)
    done = msgmodule(site, "import", "--deposition", "D_77", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (1, NOTHING | {"not_found": 1})
    assert "D_77" in done.stderr


@pytest.mark.parametrize(
    "arguments", [(), ("--deposition", "nonsense"), ("--directory", "/nowhere"), ("--depositions-file", "/nowhere")]
)
def test_a_selection_that_is_none_is_wrong_usage(legacy_site: Site, arguments: tuple[str, ...]) -> None:
    done = msgmodule(legacy_site, "import", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert rows(legacy_site) == []


def test_a_wrong_id_in_a_list_is_found_before_anything_is_imported(legacy_site: Site) -> None:
    listed = legacy_site.root / "list.txt"
    listed.write_text(f"{DEPOSITION}\nD_90002778S3\n")
    done = msgmodule(legacy_site, "import", "--depositions-file", str(listed))
    assert done.returncode == 2
    assert "D_90002778S3" in done.stderr
    assert depositions(legacy_site) == set()


def test_a_database_that_is_down_ends_the_import(legacy_site: Site) -> None:
    done = msgmodule(Site(legacy_site.root, DOWN), "import", "--all")
    assert done.returncode == 1
    assert "database" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_tree_is_an_error_and_not_an_empty_import(site: Site) -> None:
    site.archive.rmdir()
    done = msgmodule(site, "import", "--all")
    assert done.returncode == 1
    assert "archive is not there" in done.stderr
    assert not site.archive.exists()


def test_a_database_without_its_schema_is_named_with_the_remedy(tmp_path: Path) -> None:
    made = make_site(tmp_path, f"sqlite:///{tmp_path}/messages.db", legacy=True)
    done = msgmodule(made, "import", "--all")
    assert done.returncode == 1
    assert "msgmodule db init" in done.stderr
