"""`msgmodule import` over many depositions: workers, shards, rehearsals, and what is not opened again."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from generate_archive import Odd, generate
from support import legacy
from support.command import msgmodule
from support.site import Site, make_site

from service.storage.cif import files, signature

COUNT = 60


@pytest.fixture
def archive(tmp_path: Path, database_url: str) -> Site:
    """A generated archive, old enough for its signatures to be conclusive, not yet imported."""
    made = make_site(tmp_path, database_url)
    generate(tmp_path / "data", COUNT, odd=Odd(0, 30))
    for path in (tmp_path / "data").rglob("*.V1"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    made.initialise()
    return made


def imported(site: Site, *more: str) -> dict[str, int]:
    done = msgmodule(site, "import", *(more if "--shard" not in more else ("--all", *more)), "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, int] = json.loads(done.stdout)
    return found


def everything(site: Site) -> dict[str, Any]:
    """Give all that the database holds."""
    database = site.services("cif-only").stores.database
    return {key: database.read(key).correspondence for key in database.recorded()}


def is_verified(site: Site) -> bool:
    return msgmodule(site, "verify", "--all").returncode == 0


def test_the_whole_archive_is_brought_in_and_verified(archive: Site) -> None:
    totals = imported(archive, "--all")
    assert (totals["found"], totals["failed"], totals["damaged"]) == (COUNT, 0, 0)
    assert len([key for key in everything(archive) if key.startswith("G_")]) == COUNT // 50
    assert sum(c.row_count for c in everything(archive).values()) == totals["inserted"]
    assert is_verified(archive)


def test_an_archive_that_is_unchanged_is_known_without_opening_a_file(
    archive: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = imported(archive, "--all")
    opened: list[Path] = []
    monkeypatch.setattr(files, "read", opened.append)
    monkeypatch.setattr(signature.Comparer, "_same_content", lambda _, path, __: opened.append(path))
    again = imported(archive, "--all")
    assert opened == []
    assert (again["inserted"], again["updated"], again["unchanged"]) == (0, 0, first["inserted"])


@pytest.mark.parametrize("workers", ["2", "5"])
def test_several_workers_bring_in_the_same(archive: Site, workers: str) -> None:
    totals = imported(archive, "--all", "--workers", workers)
    assert totals["found"] == COUNT
    assert imported(archive, "--all")["unchanged"] == totals["inserted"]
    assert is_verified(archive)


def test_shards_part_the_archive_without_a_rest_or_an_overlap(archive: Site) -> None:
    parts = [imported(archive, "--shard", f"{n}/3")["found"] for n in (1, 2, 3)]
    assert sum(parts) == COUNT
    assert all(0 < part < COUNT for part in parts)
    assert is_verified(archive)


@pytest.mark.parametrize("shard", ["0/2", "3/2", "1", "a/b", "1/0", "-1/2", ""])
def test_a_shard_that_is_none_is_wrong_usage(archive: Site, shard: str) -> None:
    assert msgmodule(archive, "import", "--all", "--shard", shard).returncode == 2
    assert everything(archive) == {}


def test_a_rehearsal_says_what_would_be_done_and_writes_nothing(archive: Site) -> None:
    before = archive.files()
    told = imported(archive, "--all", "--dry-run")
    assert everything(archive) == {}
    assert imported(archive, "--all") == told
    path = next(p for p in archive.archive.rglob("*to-depositor_P1.cif.V1"))
    old = path.read_bytes()
    legacy.append(path, message_id="new", message_subject="s", message_text="t")
    told = imported(archive, "--all", "--dry-run")
    assert (told["inserted"], told["healed"]) == (1, 0)
    assert imported(archive, "--all") == told
    path.write_bytes(old)
    told = imported(archive, "--all", "--dry-run")
    assert (told["inserted"], told["healed"]) == (0, 1)
    assert archive.files() == before
    assert imported(archive, "--all") == told
    assert legacy.rows(path)[-1]["message_id"] == "new"


def test_every_deposition_is_written_to_the_audit_trail(archive: Site, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    totals = imported(archive, "--all", "--workers", "2", "--json-log", str(log))
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert len(lines) == COUNT + 1
    assert sum(line["inserted"] for line in lines[:-1]) == lines[-1]["inserted"] == totals["inserted"]
    assert {line["level"] for line in lines} == {"info"}
    assert all(line["time"].endswith("+00:00") and "." in line["time"] for line in lines)


def test_a_deposition_that_is_refused_fails_by_itself(archive: Site) -> None:
    database = archive.services("cif-only").stores.database
    others = [p.parent.name for p in archive.archive.rglob("*to-depositor_P1.cif.V1")]
    path = archive.file(min(others))
    path.write_bytes(path.read_bytes()[:-100])
    done = msgmodule(archive, "import", "--all", "--json")
    totals = json.loads(done.stdout)
    assert (done.returncode, totals["found"], totals["damaged"]) == (1, COUNT, 1)
    assert set(database.recorded()) == {*others, "G_1000050"} - {min(others)}


def test_a_deposition_that_another_process_brings_in_meanwhile_is_no_failure(
    archive: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(archive, "--deposition", "D_1000000003")
    monkeypatch.setattr("service.storage.guard.GuardedDatabase.states", lambda *_: {})
    totals = imported(archive, "--all")
    assert (totals["found"], totals["failed"]) == (COUNT, 0)
    assert totals["unchanged"] > 0
    monkeypatch.undo()
    assert is_verified(archive)


def test_a_file_without_a_version_is_read_where_there_is_none_and_the_latest_one_otherwise(archive: Site) -> None:
    first, second = sorted(archive.archive.rglob("*to-depositor_P1.cif.V1"))[:2]
    first.rename(first.with_name(first.name.removesuffix(".V1")))
    newest = second.with_name(second.name.replace(".V1", ".V11"))
    newest.write_bytes(second.read_bytes())
    legacy.append(newest, message_id="newest", message_subject="s", message_text="t")
    imported(archive, "--all")
    found = everything(archive)
    assert found[first.parent.name].sections[0].messages
    assert found[second.parent.name].message("newest") is not None
