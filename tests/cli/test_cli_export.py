"""`msgmodule export` as an operator runs it: nothing is lost on the way to the files, and nobody else's file is touched."""

import json
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from support import legacy
from support.command import DOWN, msgmodule
from support.disk import mount
from support.dual import DEP, dual
from support.site import DEPOSITION, Site

CATEGORIES = ("info", "file_reference", "origcomm_reference", "status")
KINDS = ("messages-to-depositor", "messages-from-depositor", "notes-from-annotator")
OTHER = "D_9000277853"


@pytest.fixture
def archive(legacy_site: Site) -> Site:
    """The real files, in both stores."""
    legacy_site.import_all()
    return legacy_site


def exported(site: Site, *arguments: str, profile: str = "cif-only") -> tuple[int, dict[str, int]]:
    done = msgmodule(site, "export", *arguments, "--json", profile=profile)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def counts(**more: int) -> dict[str, int]:
    return dict.fromkeys(("found", "written", "unchanged", "refused", "failed"), 0) | more


def rows_of(directory: Path) -> dict[str, list[dict[str, str]]]:
    """Give all rows of a deposition as the legacy display decodes them; a file without rows is as good as none."""
    found = {}
    for path in directory.glob("*.V1"):
        if path.stat().st_size:
            for category in CATEGORIES:
                if rows := legacy.rows(path, f"pdbx_deposition_message_{category}"):
                    found[f"{path.name} {category}"] = rows
    return found


@pytest.mark.parametrize("deposition", [DEPOSITION, OTHER])
def test_what_was_imported_is_exported_equal_row_by_row(archive: Site, tmp_path: Path, deposition: str) -> None:
    assert exported(archive, "--all", "--output-dir", str(tmp_path / "out")) == (0, counts(found=2, written=2))
    original = rows_of(archive.archive / deposition)
    assert len(original) > 3
    assert rows_of(tmp_path / "out" / deposition) == original


def test_several_workers_export_the_same(archive: Site, tmp_path: Path) -> None:
    out = ("--all", "--output-dir", str(tmp_path / "out"))
    assert exported(archive, *out, "--workers", "2") == (0, counts(found=2, written=2))
    for deposition in (DEPOSITION, OTHER):
        assert rows_of(tmp_path / "out" / deposition) == rows_of(archive.archive / deposition)
    assert exported(archive, *out) == (0, counts(found=2, unchanged=2))


def test_an_export_into_a_folder_run_again_writes_nothing(archive: Site, tmp_path: Path) -> None:
    out = ("--all", "--output-dir", str(tmp_path / "out"))
    exported(archive, *out)
    stats = {p: p.stat().st_mtime_ns for p in (tmp_path / "out").rglob("*.V1")}
    assert exported(archive, *out) == (0, counts(found=2, unchanged=2))
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "out").rglob("*.V1")} == stats
    assert not list((tmp_path / "out").rglob("*.lock"))


def test_a_file_of_its_own_is_replaced_and_another_ones_only_where_that_is_said(archive: Site, tmp_path: Path) -> None:
    out = tmp_path / "out"
    foreign = out / DEPOSITION / archive.file(DEPOSITION).name
    foreign.parent.mkdir(parents=True)
    shutil.copy(archive.file(OTHER), foreign)
    before = foreign.read_bytes()
    arguments = ("--all", "--output-dir", str(out))
    assert exported(archive, *arguments) == (1, counts(found=2, written=1, refused=1))
    assert foreign.read_bytes() == before
    assert exported(archive, *arguments, "--overwrite") == (0, counts(found=2, written=1, unchanged=1))
    assert rows_of(out / DEPOSITION) == rows_of(archive.archive / DEPOSITION)
    legacy.append(archive.file(DEPOSITION), message_id="later", message_subject="s", message_text="t")
    archive.import_all()
    assert exported(archive, *arguments) == (0, counts(found=2, written=1, unchanged=1))
    assert rows_of(out / DEPOSITION) == rows_of(archive.archive / DEPOSITION)


def test_a_full_disk_leaves_the_file_that_was_to_be_replaced(archive: Site, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mount("-t", "tmpfs", "-o", "size=256k", "tmpfs", str(small))
    try:
        arguments = ("--deposition", DEPOSITION, "--output-dir", str(small))
        assert exported(archive, *arguments) == (0, counts(found=1, written=1))
        there = small / DEPOSITION / archive.file(DEPOSITION).name
        before = there.read_bytes().replace(b"Dear Depositors", b"Dear annotators")
        there.write_bytes(before)
        with suppress(OSError), (small / "full").open("wb", buffering=0) as file:
            while True:
                file.write(bytes(1024))
        assert exported(archive, *arguments, "--overwrite") == (1, counts(found=1, failed=1))
        assert there.read_bytes() == before
    finally:
        subprocess.run(["umount", "--lazy", str(small)], check=True)


def test_a_list_of_what_was_written_that_a_crash_cut_short_is_gone_on_with(archive: Site, tmp_path: Path) -> None:
    arguments = ("--all", "--output-dir", str(tmp_path / "out"))
    exported(archive, *arguments)
    written = tmp_path / "out" / ".exported.jsonl"
    written.write_bytes(written.read_bytes() + b'{"file": "D_8')
    for n in range(2):
        legacy.append(archive.file(DEPOSITION), message_id=f"later{n}", message_subject="s", message_text="t")
        archive.import_all()
        assert exported(archive, *arguments) == (0, counts(found=2, written=1, unchanged=1))


def test_without_a_selection_only_what_is_behind_is_exported(archive: Site) -> None:
    client = archive.client(archive.app("db-only"))
    body = {"message_id": "late", "message_text": "Å", "files": [{"content_type": "m", "content_format": "pdbx"}]}
    assert client.post(f"/api/v1/depositions/{DEPOSITION}/messages", json=body).status_code == 201
    other = archive.file(OTHER).stat()
    assert exported(archive, profile="db-only") == (0, counts(found=1, written=1))
    assert [r["message_text"] for r in legacy.rows(archive.file(DEPOSITION)) if r["message_id"] == "late"] == ["Å"]
    assert archive.file(OTHER).stat() == other
    assert exported(archive, profile="db-only") == (0, counts())
    assert exported(archive, "--all", profile="db-only") == (0, counts(found=2, unchanged=2))


def test_a_deposition_that_began_in_the_database_gets_its_directory(site: Site) -> None:
    dual(site, "db-only").append("first")
    assert exported(site, profile="db-only") == (0, counts(found=1, written=1))
    assert [row["message_id"] for row in legacy.rows(site.file(DEP))] == ["first"]


def test_a_file_that_another_program_wrote_meanwhile_is_touched_only_where_that_is_said(archive: Site) -> None:
    dual(archive, "db-only").append("ours")
    client = archive.client(archive.app("db-only"))
    client.post(f"/api/v1/depositions/{DEPOSITION}/messages", json={"message_id": "late", "message_text": "t"})
    legacy.append(archive.file(DEPOSITION), message_id="foreign", message_subject="s", message_text="t")
    before = archive.file(DEPOSITION).read_bytes()
    assert exported(archive, profile="db-only") == (1, counts(found=2, written=1, refused=1))
    assert archive.file(DEPOSITION).read_bytes() == before
    assert exported(archive, "--overwrite", profile="db-only") == (0, counts(found=1, written=1))
    assert {"late", "foreign"} <= {row["message_id"] for row in legacy.rows(archive.file(DEPOSITION))}


def test_a_damaged_or_locked_file_fails_by_itself_and_is_kept(archive: Site) -> None:
    for deposition in (DEPOSITION, OTHER):
        client = archive.client(archive.app("db-only"))
        client.post(f"/api/v1/depositions/{deposition}/messages", json={"message_id": "late", "message_text": "t"})
    path = archive.file(DEPOSITION)
    path.write_bytes(path.read_bytes()[:2000])
    damaged = path.read_bytes()
    done = msgmodule(archive, "export", "--json", profile="db-only")
    assert (done.returncode, json.loads(done.stdout)) == (1, counts(found=2, written=1, failed=1))
    assert str(path) in done.stderr
    assert path.read_bytes() == damaged


def test_statuses_go_to_the_file_of_the_letters_to_the_depositors(archive: Site, tmp_path: Path) -> None:
    exported(archive, "--all", "--output-dir", str(tmp_path))
    status = "pdbx_deposition_message_status"
    assert len(legacy.rows(tmp_path / DEPOSITION / archive.file(DEPOSITION).name, status)) == 6
    for kind in KINDS[1:]:
        path = tmp_path / DEPOSITION / archive.file(DEPOSITION, kind).name
        assert status not in path.read_text()


def test_nothing_selected_for_a_folder_is_wrong_usage_and_nothing_found_is_no_success(site: Site, tmp_path: Path) -> None:
    assert msgmodule(site, "export", "--output-dir", str(tmp_path / "out")).returncode == 2
    assert exported(site, "--all") == (1, counts())
    assert exported(site, "--deposition", "D_77") == (1, counts(found=1, failed=1))
    assert exported(site) == (0, counts())


def test_a_database_that_is_down_ends_the_export(archive: Site) -> None:
    done = msgmodule(Site(archive.root, DOWN), "export", "--deposition", DEPOSITION)
    assert (done.returncode, done.stdout) == (1, "")
    assert "database" in done.stderr


def test_an_export_into_the_tree_of_the_site_is_wrong_usage(archive: Site) -> None:
    before = archive.files()
    for folder in ("archive", "deposit"):
        into = ("--output-dir", str(archive.root / "data" / folder), "--overwrite")
        assert msgmodule(archive, "export", "--all", *into).returncode == 2
    assert archive.files() == before
