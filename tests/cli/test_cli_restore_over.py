"""`msgmodule restore --confirm`: over a site that holds something, which is backed up first and comes back from there."""

import json
import shutil
from pathlib import Path

import pytest
from support.command import Done, msgmodule
from support.contract import append
from support.forked import killed
from support.site import DEPOSITION, Site, make_site

from service.active import ActiveFile
from service.backup import restore as backup_restore
from service.messages import Correspondence
from service.sync.verified import VerifyRecord

LATER = "D_1000000077"
DUAL = "dual-write-db-read"


@pytest.fixture
def served(database_url: str, tmp_path: Path) -> Site:
    """A site in a dual profile with one message, of which `first` is a backup."""
    site = make_site(tmp_path, database_url)
    site.initialise()
    site.services(DUAL).switching.start()
    write(site, DEPOSITION, "backed up")
    assert msgmodule(site, "backup", str(tmp_path / "first"), profile=DUAL).returncode == 0
    return site


def write(site: Site, deposition: str, message_id: str, profile: str = DUAL) -> None:
    services = site.services(profile)
    append(services.stores.chain(services.settings.profile), deposition, message_id)


def restore(site: Site, *arguments: str, profile: str = DUAL) -> Done:
    return msgmodule(site, "restore", *arguments, "--json", profile=profile)


def held(site: Site) -> dict[str, Correspondence]:
    """Give what both stores hold; they hold the same."""
    stores = site.services(DUAL).stores
    in_files = {d: stores.cif.read(d).correspondence for d in stores.cif.site.depositions()}
    assert {d: stores.database.read(d).correspondence for d in stores.database.recorded()} == in_files
    return in_files


def test_newer_data_is_replaced_only_where_that_is_confirmed_and_is_backed_up_first(served: Site) -> None:
    before = held(served)
    write(served, DEPOSITION, "newer")
    write(served, LATER, "newer")
    newer = held(served)
    assert msgmodule(served, "verify", "--all", profile=DUAL).returncode == 0
    first = str(served.root / "first")
    done = restore(served, first)
    assert (done.returncode, "--confirm" in done.stderr) == (1, True)
    assert held(served) == newer
    done = restore(served, first, "--confirm")
    assert done.returncode == 0, done.stderr
    assert held(served) == before
    assert VerifyRecord(served.root / "state").full() is None
    assert list(before) == [DEPOSITION]
    assert served.services("").switching.active().profile == DUAL
    kept = json.loads(done.stdout)["replaced"]
    done = restore(served, kept, "--confirm")
    assert done.returncode == 0, done.stderr
    assert held(served) == newer


def test_a_backup_that_was_changed_replaces_nothing_although_confirmed(served: Site) -> None:
    write(served, DEPOSITION, "newer")
    newer, files = held(served), served.files()
    changed = next((served.root / "first" / "database").glob("*.jsonl"))
    changed.write_bytes(changed.read_bytes() + b"x")
    assert restore(served, str(served.root / "first"), "--confirm").returncode == 1
    assert (held(served), served.files()) == (newer, files)


def test_a_site_that_is_served_is_not_replaced(served: Site) -> None:
    newer = held(served)
    client = served.client(served.app(DUAL))
    assert client.get(f"/api/v1/depositions/{DEPOSITION}/messages").status_code == 200
    done = restore(served, str(served.root / "first"), "--confirm")
    assert (done.returncode, "stop them" in done.stderr) == (1, True)
    assert held(served) == newer


def test_rows_that_a_backup_has_no_rows_for_are_not_left_beside_its_files(served: Site, tmp_path: Path) -> None:
    files_alone = make_site(tmp_path / "alone", served.database_url)
    files_alone.services("cif-only").switching.start()
    write(files_alone, DEPOSITION, "alone", "cif-only")
    folder = str(tmp_path / "of-files")
    assert msgmodule(files_alone, "backup", folder).returncode == 0
    newer = held(served)
    done = restore(served, folder, "--confirm")
    assert (done.returncode, "switch to cif-only" in done.stderr) == (1, True)
    assert held(served) == newer
    assert restore(files_alone, folder, "--confirm", profile="cif-only").returncode == 0


@pytest.mark.parametrize("step", ["_remove_others", "_put_all", "_put"])
def test_a_site_whose_restore_was_killed_does_not_start_and_is_whole_once_it_is_run_again(served: Site, step: str) -> None:
    before, first = held(served), served.root / "first"
    write(served, DEPOSITION, "newer")
    killed(lambda: backup_restore.restore(served.services(DUAL), first, print, served.root / "aside"), backup_restore, step)

    for command in (["run", "--port", "1"], ["status"], ["health"], ["profile", "show"]):
        done = msgmodule(served, *command, profile=DUAL)
        assert (done.returncode, f"msgmodule restore {first}" in done.stderr) == (1, True), done
    done = restore(served, str(first))
    assert done.returncode == 0, done.stderr
    assert held(served) == before
    assert served.services("").switching.active().profile == DUAL


def kill(site: Site, owner: object, step: str) -> None:
    """Kill a confirmed restore of `first` once a step of it is done."""
    first, aside = site.root / "first", site.root / "aside"
    killed(lambda: backup_restore.restore(site.services(DUAL), first, print, aside), owner, step, getattr(owner, step))


def test_a_restore_that_was_killed_goes_on_when_the_same_command_is_given_again(served: Site) -> None:
    before = held(served)
    write(served, DEPOSITION, "newer")
    kill(served, backup_restore, "_remove_others")
    done = restore(served, str(served.root / "first"), "--confirm")
    assert done.returncode == 0, done.stderr
    assert held(served) == before


def test_a_restore_killed_once_the_site_is_whole_has_left_it_its_profile(served: Site) -> None:
    before = held(served)
    write(served, DEPOSITION, "newer")
    kill(served, ActiveFile, "end_restore")
    assert held(served) == before
    assert served.services("").switching.active().profile == DUAL


def test_a_restore_that_fails_says_that_it_is_half_done_and_where_the_rest_is(served: Site) -> None:
    before, first = held(served), served.root / "first"
    directory = served.archive / DEPOSITION
    moved = directory.rename(served.root / "moved")
    directory.touch()  # a file where a directory must be made

    done = restore(served, str(first), "--confirm")

    assert done.returncode == 1
    assert "run it again" in done.stderr
    assert f"what the site held is in {first}-replaced-" in done.stderr
    again = restore(served, str(first))
    assert (again.returncode, f"in {first.name}-replaced-" in again.stderr) == (1, True)
    directory.unlink()
    assert restore(served, str(first)).returncode == 0
    assert held(served) == before
    assert moved.is_dir()


def test_rows_that_a_restore_replaces_are_backed_up_whatever_the_profile(served: Site) -> None:
    write(served, DEPOSITION, "only-in-the-database", "db-only")
    shutil.rmtree(served.root / "state")
    done = restore(served, str(served.root / "first"), "--confirm", profile="cif-only")
    assert done.returncode == 0, done.stderr
    aside = Path(json.loads(done.stdout)["replaced"])
    assert "only-in-the-database" in (aside / "database" / "pdbx_deposition_message_info.jsonl").read_text()


def test_rows_are_put_into_a_site_of_files_that_had_no_database_yet(served: Site, tmp_path: Path) -> None:
    before = held(served)
    other = make_site(tmp_path / "other", f"sqlite:///{tmp_path}/other/messages.db")
    write(other, LATER, "m", "cif-only")
    done = restore(other, str(served.root / "first"), "--confirm", profile="cif-only")
    assert done.returncode == 0, done.stderr
    assert held(other) == before


def test_a_backup_of_another_site_is_not_taken_for_one_of_this(served: Site, tmp_path: Path) -> None:
    other = make_site(tmp_path / "other", f"sqlite:///{tmp_path}/other/messages.db")
    first = str(served.root / "first")
    done = msgmodule(other, "restore", first, "--confirm", MSGMODULE_SITE_ID="PDBE")
    assert (done.returncode, "one of site RCSB" in done.stderr) == (1, True)
    assert other.files() == {}
    assert restore(other, first).returncode == 0


def test_rows_whose_files_and_state_were_lost_are_replaced_where_that_is_confirmed(served: Site) -> None:
    before = held(served)
    write(served, DEPOSITION, "only-in-the-database", "db-only")
    shutil.rmtree(served.root / "state")
    shutil.rmtree(served.root / "data")
    first = str(served.root / "first")
    done = restore(served, first)
    assert (done.returncode, "--confirm" in done.stderr) == (1, True)
    done = restore(served, first, "--confirm")
    assert done.returncode == 0, done.stderr
    assert held(served) == before
    aside = Path(json.loads(done.stdout)["replaced"])
    assert "only-in-the-database" in (aside / "database" / "pdbx_deposition_message_info.jsonl").read_text()
    write(served, "G_1002001", "of a group")
    assert "G_1002001" in held(served)


def test_nothing_stays_of_a_deposition_that_is_later_than_the_backup(served: Site) -> None:
    write(served, LATER, "one")
    write(served, LATER, "two")
    directory = served.archive / LATER
    assert list(directory.glob("*.PREV0"))
    assert restore(served, str(served.root / "first"), "--confirm").returncode == 0
    assert not directory.exists()


def test_the_notes_flags_of_a_deposition_come_back(served: Site, tmp_path: Path) -> None:
    flag = served.archive / DEPOSITION / "NOTES_FLAGGING_STATUS"
    flag.write_text("false\n")
    second = str(tmp_path / "second")
    assert msgmodule(served, "backup", second, profile=DUAL).returncode == 0
    flag.write_text("true\n")
    assert restore(served, second, "--confirm").returncode == 0
    assert flag.read_text() == "false\n"
