"""The first start of a site: the stated profile is taken where the store that is to answer lacks nothing."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from support import legacy
from support.command import DOWN, msgmodule
from support.dual import DEP, QUICK, dual
from support.site import DEPOSITION, PROFILES, Site, make_site

from service.changes import AppendMessage
from service.errors import SwitchRefused
from service.messages import Message
from service.services import Services
from service.storage.cif.lock import lock_of


def started(site: Site, profile: str) -> Services:
    found = site.services(profile)
    found.switching.start()
    return found


def audit(site: Site) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (site.root / "state" / "audit.jsonl").read_text().splitlines()]


def test_a_first_start_takes_the_stated_profile_and_says_so(site: Site) -> None:
    found = started(site, "dual-write-cif-read")
    active = found.switching.active()
    assert (active.profile, active.epoch, active.environment) == ("dual-write-cif-read", 1, "dual-write-cif-read")
    assert [line["event"] for line in audit(site)] == ["first start"]


def test_a_first_start_that_is_refused_is_in_the_trail(legacy_site: Site) -> None:
    with pytest.raises(SwitchRefused):
        started(legacy_site, "db-only")
    (line,) = audit(legacy_site)
    assert (line["event"], line["to"], line["result"]) == ("first start", "db-only", "refused")
    assert [check["name"] for check in line["checks"]] == ["archive_in_database"]


@pytest.mark.parametrize("profile", PROFILES[2:])
def test_what_was_written_since_the_import_is_brought_in_by_a_first_start(legacy_site: Site, profile: str) -> None:
    legacy_site.import_all()
    legacy.append(legacy_site.file(DEPOSITION), message_id="since", message_subject="s", message_text="t")
    stores = started(legacy_site, profile).stores
    assert stores.database.read(DEPOSITION).correspondence.message("since") is not None


@pytest.fixture
def forgotten(site: Site) -> Site:
    """A site that worked under the database alone, with a state directory that knows nothing of that."""
    message = Message("messages-to-depositor", None, "m1", DEPOSITION, "2026-01-01 00:00:00", "JD", message_text="t")
    started(site, "db-only").runtime.current().chain.apply(AppendMessage(DEPOSITION, message))
    shutil.rmtree(site.root / "state")
    return site


@pytest.mark.parametrize("profile", PROFILES[:2])
def test_files_that_lack_what_the_database_has_are_not_started_with(forgotten: Site, profile: str) -> None:
    with pytest.raises(SwitchRefused, match=f"{DEPOSITION}.*state_dir"):
        started(forgotten, profile)
    assert audit(forgotten)[-1]["result"] == "refused"

    assert msgmodule(forgotten, "export", profile=profile).returncode == 0
    answer = started(forgotten, profile).runtime.current().chain.read(DEPOSITION)
    assert [m.message_id for m in answer.correspondence.messages] == ["m1"]


def test_files_are_started_with_where_the_database_cannot_be_asked(forgotten: Site) -> None:
    site = Site(forgotten.root, DOWN)
    assert started(site, "cif-only").switching.active().profile == "cif-only"


def test_a_site_without_a_database_makes_none_by_being_started(tmp_path: Path) -> None:
    site = make_site(tmp_path, f"sqlite:///{tmp_path}/none.db")
    assert started(site, "cif-only").switching.active().profile == "cif-only"
    assert not (tmp_path / "none.db").exists()


def test_files_that_are_marked_as_behind_are_not_started_with_in_an_outage(site: Site) -> None:
    both = dual(site, "dual-write-db-read", **QUICK)
    both.append("m1")
    lock_of(both.file()).touch()
    assert both.append("m2").stores == {"cif": "behind", "database": "written"}
    lock_of(both.file()).unlink()
    with pytest.raises(SwitchRefused, match=DEP):
        started(Site(site.root, DOWN), "cif-only")


def test_a_first_start_with_the_files_takes_no_database_for_its_own(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/of-another-site.db"
    make_site(tmp_path / "other", url).initialise()
    site = make_site(tmp_path / "site", url)
    started(site, "cif-only")
    assert not (site.root / "state" / "database.json").exists()


def test_a_site_that_forgot_which_database_is_its_own_starts_with_its_files(site: Site) -> None:
    (site.root / "state" / "database.json").write_text('{"ident')
    assert started(site, "cif-only").switching.active().profile == "cif-only"
