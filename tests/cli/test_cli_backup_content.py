"""What of a site a backup holds, and when a site is empty enough to be restored into."""

import json
import os
import shutil
import signal
from pathlib import Path

import pytest
from support.backups import backup, restore
from support.command import msgmodule
from support.dual import DEP, dual, first_call
from support.site import DEPOSITION, Site, make_site

from service.backup import write
from service.sync.sightings import ForeignWrites


def test_a_file_without_a_version_is_in_the_backup_and_keeps_a_site_from_being_empty(
    legacy_site: Site, tmp_path: Path
) -> None:
    versioned = legacy_site.file(DEPOSITION)
    bare = versioned.rename(versioned.with_suffix(""))
    done, folder = backup(legacy_site)
    assert json.loads(done.stdout)["depositions"] == 2, done.stderr
    other = make_site(tmp_path / "other", f"sqlite:///{tmp_path}/other/messages.db")
    assert restore(other, folder).returncode == 0
    assert (other.archive / DEPOSITION / bare.name).read_bytes() == bare.read_bytes()
    shutil.rmtree(other.root / "state", ignore_errors=True)
    assert restore(other, folder).returncode == 1


def test_a_backup_that_fails_leaves_nothing_in_the_way_of_the_next(legacy_site: Site) -> None:
    legacy_site.import_all()
    legacy_site.app("dual-write-db-read")
    gone = legacy_site.archive.rename(legacy_site.root / "unmounted")
    done, folder = backup(legacy_site)
    assert (done.returncode, str(legacy_site.archive) in done.stderr) == (1, True)
    assert list(folder.iterdir()) == []

    gone.rename(legacy_site.archive)
    assert backup(legacy_site)[0].returncode == 0


def test_a_deposition_that_leads_nowhere_is_not_left_out_of_a_backup_without_a_word(legacy_site: Site) -> None:
    (legacy_site.archive / "D_1000000777").symlink_to("/nowhere")
    done, folder = backup(legacy_site)
    assert (done.returncode, "D_1000000777" in done.stderr, list(folder.iterdir())) == (1, True, [])


def test_a_site_comes_back_equal_with_a_directory_that_holds_no_messages(legacy_site: Site, tmp_path: Path) -> None:
    (legacy_site.archive / "D_1000000777").mkdir()
    legacy_site.import_all()
    legacy_site.app("dual-write-db-read")
    _, folder = backup(legacy_site)
    empty = make_site(tmp_path / "empty", f"sqlite:///{tmp_path}/empty/messages.db")
    assert restore(empty, folder).returncode == 0
    assert msgmodule(empty, "verify", "--all", profile="dual-write-db-read").returncode == 0


def test_a_backup_that_is_ended_leaves_nothing_in_the_way_of_the_next(
    legacy_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_call(write, "_add_state", monkeypatch, lambda: os.kill(os.getpid(), signal.SIGTERM))
    done, folder = backup(legacy_site)
    assert (done.returncode, list(folder.iterdir())) == (143, [])


def test_a_backup_that_is_not_as_it_was_written_is_none(legacy_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = legacy_site.root / "backups" / "first"
    settings = folder / "settings.json"
    first_call(write, "verified", monkeypatch, lambda: settings.write_text("{}"))
    done, folder = backup(legacy_site)
    assert (done.returncode, "settings.json" in done.stderr, list(folder.iterdir())) == (1, True, [])


@pytest.mark.parametrize("place", ["state", "data"])
def test_a_backup_into_what_it_backs_up_is_refused(legacy_site: Site, place: str) -> None:
    done = msgmodule(legacy_site, "backup", str(legacy_site.root / place / "backup"))
    assert (done.returncode, "name a folder outside" in done.stderr) == (1, True)
    assert not (legacy_site.root / place / "backup").exists()


def test_nobody_else_may_read_a_backup_and_it_holds_no_secret(legacy_site: Site) -> None:
    legacy_site.import_all()
    legacy_site.client(legacy_site.app("cif-only")).get("/admin/steps/dual-write-cif-read")
    assert (legacy_site.root / "state" / "forms.key").exists()
    done, folder = backup(legacy_site)
    assert done.returncode == 0, done.stderr
    assert folder.stat().st_mode & 0o077 == 0
    copied = [path for part in ("database", "files", "state") for path in (folder / part).rglob("*") if path.is_file()]
    assert [path for path in copied if path.stat().st_mode & 0o077] == []
    assert not [path for path in copied if path.name == "forms.key"]


def test_a_site_that_was_set_up_and_not_used_is_empty(legacy_site: Site, tmp_path: Path) -> None:
    other = make_site(tmp_path / "other", f"sqlite:///{tmp_path}/other/messages.db")
    assert msgmodule(other, "db", "init").returncode == 0
    dual(other, "cif-only").append("a rehearsal")
    shutil.rmtree(other.archive / DEP)
    _, folder = backup(legacy_site)
    done = restore(other, folder)
    assert done.returncode == 0, done.stderr


def test_no_tag_of_an_answer_means_another_content_after_a_restore(site: Site, tmp_path: Path) -> None:
    url = f"/api/v1/depositions/{DEP}/messages"
    client = site.client(site.app("db-only"))
    client.post(url, json={"message_text": "kept"})
    _, folder = backup(site)
    client.post(url, json={"message_text": "behind the backup"})
    tag = client.get(url).headers["ETag"]
    other = make_site(tmp_path / "other", f"sqlite:///{tmp_path}/other/messages.db")
    assert restore(other, folder).returncode == 0
    restored = other.client(other.app("db-only"))
    restored.post(url, json={"message_text": "another"})
    answer = restored.get(url, headers={"If-None-Match": tag})
    assert answer.status_code == 200
    assert "another" in answer.text


def test_a_backup_of_another_database_than_the_sites_own_is_refused(legacy_site: Site, tmp_path: Path) -> None:
    legacy_site.import_all()
    legacy_site.app("dual-write-db-read")
    other = make_site(tmp_path / "other", f"sqlite:///{tmp_path}/other.db")
    other.initialise()
    mixed = Site(legacy_site.root, other.database_url)
    done = msgmodule(mixed, "backup", str(tmp_path / "backup"), profile="dual-write-db-read")
    assert done.returncode == 1
    assert "this is database" in done.stderr


def test_no_program_is_told_to_have_written_what_a_restore_puts_in_place(legacy_site: Site, tmp_path: Path) -> None:
    legacy_site.import_all()
    legacy_site.app("dual-write-db-read")
    _, folder = backup(legacy_site)
    empty = make_site(tmp_path / "empty", f"sqlite:///{tmp_path}/empty/messages.db")
    assert restore(empty, folder).returncode == 0
    assert ForeignWrites(empty.root / "state").last() is None
