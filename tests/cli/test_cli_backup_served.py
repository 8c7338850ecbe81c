"""What a backup holds of a site that is read, written and switched meanwhile: all that was acknowledged before it began."""

import shutil
from pathlib import Path

import pytest
from support.backups import backup, restore
from support.command import msgmodule
from support.dual import QUICK, Dual, away, dual, first_call
from support.site import DUAL, Site, make_site

from service.backup import write


def restored(both: Dual, folder: Path) -> Dual:
    """Restore a backup into another site, empty before."""
    other = make_site(both.site.root / "other", f"sqlite:///{both.site.root}/other/messages.db")
    profile = both.services.settings.profile.name
    done = restore(other, folder, profile)
    assert done.returncode == 0, done.stderr
    return dual(other, profile, **QUICK)


@pytest.fixture(params=DUAL)
def both(request: pytest.FixtureRequest, site: Site) -> Dual:
    """A started dual profile with one message in both stores."""
    site.services(request.param).switching.start()
    made = dual(site, request.param, **QUICK)
    made.append("before")
    made.read()
    assert made.is_equal()
    return made


def test_a_sync_between_the_files_and_the_state_of_a_backup_takes_no_acknowledged_message_from_it(
    both: Dual, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = both.old_copy()
    with away(both):
        both.append("acknowledged")
    both.put_back(old)
    first_call(write, "_add_state", monkeypatch, both.read)

    profile = both.services.settings.profile.name
    done, folder = backup(both.site, profile)
    assert (done.returncode, "back up again" in done.stderr, list(folder.iterdir())) == (1, True, [])

    done, folder = backup(both.site, profile)
    assert done.returncode == 0, done.stderr
    assert both.read() == ["before", "acknowledged"]
    assert restored(both, folder).read() == ["before", "acknowledged"]


@pytest.mark.parametrize("mode", [0o600, 0o664])
def test_a_file_comes_back_with_the_mode_it_had(both: Dual, mode: int) -> None:
    both.file().chmod(mode)
    _, folder = backup(both.site, both.services.settings.profile.name)
    assert restored(both, folder).file().stat().st_mode & 0o777 == mode


def test_a_profile_that_is_switched_during_a_backup_makes_it_none(both: Dual, monkeypatch: pytest.MonkeyPatch) -> None:
    way = both.services.settings.profile.name
    to = "cif-only" if way == "dual-write-cif-read" else "dual-write-cif-read"

    def switch() -> None:
        done = msgmodule(both.site, "profile", "switch", to, "--reason", "a test", profile=way)
        assert done.returncode == 0, done.stderr

    first_call(write, "_add_state", monkeypatch, switch)
    done, folder = backup(both.site, way)
    assert (done.returncode, "back up again" in done.stderr, list(folder.iterdir())) == (1, True, [])
    shutil.rmtree(folder)
    assert backup(both.site, to)[0].returncode == 0


def test_a_backup_through_a_link_into_what_it_backs_up_is_refused(both: Dual) -> None:
    link = both.site.root / "elsewhere"
    link.symlink_to(both.site.root / "data")
    done = msgmodule(both.site, "backup", str(link / "backup"))
    assert (done.returncode, "name a folder outside" in done.stderr) == (1, True)
    assert not (both.site.root / "data" / "backup").exists()
