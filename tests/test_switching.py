"""Moves between profiles: what each needs, what a start decides, and what is left behind in the audit trail."""

import json
from pathlib import Path
from typing import Any

import pytest
from support import legacy
from support.gates import DOWN, UP, make_ready
from support.site import DEPOSITION, PROFILES, Site, make_site

from service import switching
from service.active import Active
from service.changes import AppendMessage
from service.errors import Conflict, FileUnavailable, SwitchRefused
from service.messages import Message
from service.services import Services
from settings import SettingsError

NOT_ADJACENT = [(a, b) for a in PROFILES for b in PROFILES if abs(PROFILES.index(a) - PROFILES.index(b)) != 1]


def started(site: Site, profile: str, **more: str) -> Services:
    found = site.services(profile, **more)
    found.switching.start()
    return found


def move(found: Services, to: str, *, force: bool = False) -> Active:
    return found.switching.switch(to, None, "because", "me", force=force)


def refused(found: Services, to: str, *, force: bool = False) -> list[str]:
    """Give the names of the checks that stop a move, which leaves everything as it is."""
    before = found.switching.active()
    with pytest.raises(SwitchRefused) as error:
        move(found, to, force=force)
    checks: Any = error.value.details["checks"]
    assert all(c["remedy"] and c["found"] and not c["ok"] for c in checks)
    assert found.switching.active() == before
    return [c["name"] for c in checks]


def audit(site: Site) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (site.root / "state" / "audit.jsonl").read_text().splitlines()]


def without_database(site: Site) -> Site:
    """Give the same site with a database that does not answer."""
    return Site(site.root, "mysql://nobody@127.0.0.1:1/nowhere")


@pytest.mark.parametrize(("active", "to"), UP + DOWN)
def test_adjacent_profiles_are_reached_and_the_epoch_grows(site: Site, active: str, to: str) -> None:
    make_ready(site)
    found = started(site, active)
    moved = move(found, to)
    assert (moved.profile, moved.epoch, moved.who, moved.why, moved.environment) == (to, 2, "me", "because", active)
    assert found.switching.active() == moved
    line = audit(site)[-1]
    told = {"event": "switch", "of": active, "to": to, "who": "me", "reason": "because", "result": "switched", "epoch": 2}
    assert told.items() <= line.items()


@pytest.mark.parametrize(("active", "to"), NOT_ADJACENT)
def test_others_are_refused_even_by_force_naming_the_next_step(site: Site, active: str, to: str) -> None:
    found = started(site, active)
    with pytest.raises(SwitchRefused) as error:
        move(found, to, force=True)
    step = PROFILES.index(active) + (1 if PROFILES.index(to) > PROFILES.index(active) else -1)
    told = f"{to} is active already" if to == active else f"the next step on the way is {PROFILES[step]}"
    assert told in error.value.message
    assert found.switching.active().epoch == 1
    assert audit(site)[-1]["result"] == "refused"


def test_an_alias_names_its_profile_and_an_unknown_name_none(site: Site) -> None:
    found = started(site, "cif-only")
    assert move(found, "phase-1").profile == "dual-write-cif-read"
    for name in ("dual_write", "", "DB-ONLY"):
        with pytest.raises(SettingsError, match="is no profile"):
            found.switching.switch(name, None, "r", "me", force=True)


def test_an_epoch_that_is_not_the_present_one_is_a_conflict_and_audited(site: Site) -> None:
    found = started(site, "cif-only")
    with pytest.raises(Conflict, match="epoch is 1, not 7"):
        found.switching.switch("phase-1", 7, "r", "me")
    assert found.switching.active().epoch == 1
    assert audit(site)[-1]["result"] == "stale epoch"


def test_a_move_while_another_is_made_is_a_conflict_and_not_a_wait(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switching, "_PATIENCE", 0.1)
    found = started(site, "cif-only")
    with found.switching.file.changing(), pytest.raises(Conflict, match="under way"):
        move(site.services("cif-only"), "dual-write-cif-read")
    assert move(found, "dual-write-cif-read").epoch == 2


def test_a_move_that_cannot_be_audited_is_not_made(site: Site) -> None:
    found = started(site, "cif-only")
    trail = site.root / "state" / "audit.jsonl"
    trail.unlink()
    trail.mkdir()
    with pytest.raises(FileUnavailable, match=r"audit\.jsonl"):
        move(found, "phase-1")
    assert found.switching.active().profile == "cif-only"


def test_a_move_that_is_refused_does_not_start_a_site(site: Site) -> None:
    found = site.services("cif-only")
    with pytest.raises(SettingsError):
        move(found, "nonsense")
    with pytest.raises(Conflict):
        found.switching.switch("phase-1", 7, "r", "me")
    assert found.switching.active().epoch == 0
    assert found.switching.switch("phase-1", 0, "r", "me").epoch == 2


@pytest.mark.parametrize(("active", "to"), [UP[0], UP[1], UP[2], DOWN[2]])
def test_a_database_that_is_down_stops_every_move_that_needs_it(site: Site, active: str, to: str) -> None:
    started(site, active)
    found = started(without_database(site), active)
    assert "database_usable" in refused(found, to)
    assert audit(site)[-1]["failed"][0]["remedy"]


def test_files_alone_are_reached_whatever_the_database_does(site: Site) -> None:
    started(site, "dual-write-cif-read")
    assert move(started(without_database(site), "dual-write-cif-read"), "cif-only").profile == "cif-only"


def test_a_database_without_its_schema_stops_the_first_move(tmp_path: Path) -> None:
    made = make_site(tmp_path, f"sqlite:///{tmp_path}/empty.db")
    assert refused(started(made, "cif-only"), "dual-write-cif-read") == ["database_usable"]


@pytest.mark.parametrize(("active", "to"), [UP[0], UP[1], DOWN[1], DOWN[2]])
def test_a_missing_tree_stops_every_move_that_needs_it(site: Site, active: str, to: str) -> None:
    found = started(site, active)
    site.archive.rename(site.root / "data" / "gone")
    assert "cif_usable" in refused(found, to)
    assert not site.archive.exists()


def append(found: Services, message_id: str) -> None:
    """Send a message through the active profile."""
    message = Message("messages-to-depositor", None, message_id, DEPOSITION, "2026-01-01 00:00:00", "JD", message_text="t")
    found.runtime.current().chain.apply(AppendMessage(DEPOSITION, message))


def test_the_way_back_to_files_brings_every_file_up(site: Site) -> None:
    found = started(site, "db-only")
    append(found, "late")
    assert site.files() == {}
    move(found, "dual-write-db-read")
    assert [row["message_id"] for row in legacy.rows(site.file(DEPOSITION))] == ["late"]


def test_the_way_back_to_the_files_alone_heals_what_nobody_has_read_since(site: Site) -> None:
    found = started(site, "dual-write-cif-read")
    append(found, "m1")
    old = site.file(DEPOSITION).read_bytes()
    append(found, "m2")
    site.file(DEPOSITION).write_bytes(old)
    move(found, "cif-only")
    answer = found.runtime.current().chain.read(DEPOSITION)
    assert ([m.message_id for m in answer.correspondence.messages], answer.unverified) == (["m1", "m2"], False)


def test_a_file_that_cannot_be_brought_up_stops_the_way_back(site: Site) -> None:
    found = started(site, "db-only", MSGMODULE_LOCK_TIMEOUT="0.1")
    append(found, "late")
    path = site.file(DEPOSITION)
    path.parent.mkdir()
    path.with_name(path.name + ".lock").touch()
    assert refused(found, "dual-write-db-read") == ["exported"]
    assert move(found, "dual-write-db-read", force=True).epoch == 2
    assert audit(site)[-1]["forced"] == ["exported"]


def test_answers_from_a_database_that_never_saw_the_archive_are_refused(legacy_site: Site) -> None:
    found = started(legacy_site, "dual-write-cif-read")
    assert "archive_in_database" in refused(found, "dual-write-db-read")


def test_the_files_are_not_left_while_the_database_lacks_an_archive(legacy_site: Site) -> None:
    found = started(legacy_site, "dual-write-cif-read")
    move(found, "dual-write-db-read", force=True)
    assert refused(found, "db-only")


def test_the_files_are_not_left_while_one_holds_a_message_the_database_lacks(site: Site) -> None:
    found = started(site, "dual-write-db-read")
    append(found, "known")
    legacy.append(site.file(DEPOSITION), message_id="by-a-legacy-program", message_subject="s", message_text="t")
    try:
        move(found, "db-only")
    except SwitchRefused:
        return
    kept = found.runtime.current().chain.read(DEPOSITION).correspondence
    assert kept.message("by-a-legacy-program") is not None


def test_a_restart_under_the_known_name_follows_what_was_switched(site: Site) -> None:
    move(started(site, "cif-only"), "dual-write-cif-read")
    active = started(site, "cif-only").switching.active()
    assert (active.profile, active.epoch) == ("dual-write-cif-read", 2)


def test_a_restart_under_the_name_of_the_active_profile_is_no_move(site: Site) -> None:
    move(started(site, "cif-only"), "dual-write-cif-read")
    active = started(site, "dual-write-cif-read").switching.active()
    assert (active.epoch, active.environment) == (2, "dual-write-cif-read")
    assert started(site, "cif-only").switching.active().profile == "cif-only"


def test_a_restart_under_another_name_makes_the_guarded_move(site: Site) -> None:
    started(site, "cif-only")
    active = started(site, "dual-write-cif-read").switching.active()
    assert (active.profile, active.epoch, active.who) == ("dual-write-cif-read", 2, "start")
    assert audit(site)[-1]["result"] == "switched"
    with pytest.raises(SwitchRefused, match="the next step on the way is dual-write-db-read"):
        started(site, "db-only")
    assert started(site, "dual-write-cif-read").switching.active() == active


def test_a_restart_that_states_no_name_follows_the_file(site: Site) -> None:
    started(site, "dual-write-cif-read")
    environ = site.environ("cif-only")
    del environ["MSGMODULE_ENV"]
    found = Site(site.root, site.database_url).services("cif-only", MSGMODULE_ENV="")
    assert found.settings.stated_profile is False
    assert found.switching.start().profile == "dual-write-cif-read"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"profile": "cif-only"}', "null"])
def test_a_damaged_file_of_the_active_profile_stops_the_service_and_is_kept(site: Site, content: str) -> None:
    found = started(site, "cif-only")
    path = site.root / "state" / "profile.json"
    path.write_text(content)
    for use in (found.switching.start, found.runtime.current, lambda: move(found, "phase-1")):
        with pytest.raises(FileUnavailable, match=str(path)):
            use()
    assert path.read_text() == content
