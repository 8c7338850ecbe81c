"""`msgmodule reconcile` as a timer runs it: what it finds behind it brings up, and it says what it could not."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text
from support import legacy
from support.command import DOWN, msgmodule
from support.dual import DEP, Dual, away, dual
from support.site import DUAL, PROFILES, Site

from service.changes import AppendMessage
from service.messages import Message
from service.storage.markers import Markers
from service.vocabulary import NOTES, TO_DEPOSITOR

OTHER = "D_1000000002"


@pytest.fixture(params=DUAL)
def both(request: pytest.FixtureRequest, site: Site) -> Dual:
    made = dual(site, request.param)
    made.append("m1")
    made.read()
    return made


def reconciled(both: Dual, *selection: str) -> tuple[int, dict[str, int]]:
    done = msgmodule(both.site, "reconcile", *selection, "--json", profile=both.services.settings.profile.name)
    return done.returncode, json.loads(done.stdout)


def message(message_id: str, dep: str = DEP) -> AppendMessage:
    return AppendMessage(dep, Message(TO_DEPOSITOR, None, message_id, dep, "2026-01-02 03:04:05"))


def test_nothing_is_found_where_both_are_equal(both: Dual) -> None:
    code, done = reconciled(both, "--all")
    assert (code, set(done.values())) == (0, {0})


def test_every_kind_of_difference_is_found_and_repaired(both: Dual) -> None:
    old = both.old_copy()
    both.append("m2")
    both.put_back(old)
    legacy.append(both.file(), message_id="L", message_subject="s", message_text="t")
    both.services.stores.cif.write(message("n1", OTHER))
    dual(both.site, "db-only").services.stores.database.apply(message("d1", "D_1000000003"))
    Markers(both.site.root / "state").set("D_1000000003")

    code, done = reconciled(both, "--all")

    assert code == 0
    assert (done["found"], done["repaired"], done["healed"], done["inserted"]) == (3, 3, 1, 2)
    assert both.is_equal()
    assert [m.message_id for m in both.in_files().messages] == ["m1", "L", "m2"]
    assert both.site.file("D_1000000003").exists()
    assert both.kept("cif-behind") == []
    assert reconciled(both, "--all")[1]["found"] == 0


def test_a_message_of_an_outage_is_brought_in(both: Dual) -> None:
    profile = both.services.settings.profile.name
    dual(Site(both.site.root, DOWN), profile).append("m2")
    assert len(both.kept("pending")) == 1
    assert reconciled(both, "--all")[0] == 0
    assert both.is_equal()
    assert both.kept("pending") == []


def test_what_cannot_be_repaired_is_named_and_the_others_are(both: Dual) -> None:
    both.services.stores.cif.write(message("n1", OTHER))
    both.put_back(both.old_copy()[:-40])
    log = both.site.root / "log"
    more = ("--json", "--json-log", str(log))
    done = msgmodule(both.site, "reconcile", "--all", *more, profile=both.services.settings.profile.name)
    totals = json.loads(done.stdout)
    assert (done.returncode, totals["repaired"], totals["failed"]) == (1, 1, 1)
    assert both.file().name in done.stderr
    told = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(one["event"], one.get("deposition_data_set_id")) for one in told] == [
        ("not repaired", DEP),
        ("reconcile ended", None),
    ]
    assert told[1]["counts"] == totals


def test_one_that_cannot_be_looked_at_does_not_keep_the_others_from_being_repaired(both: Dual) -> None:
    both.services.stores.cif.write(message("m2"))
    (both.site.archive / "D_0000000001").symlink_to("/nowhere")
    done = msgmodule(both.site, "reconcile", "--all", "--json", profile=both.services.settings.profile.name)
    totals = json.loads(done.stdout)
    assert (done.returncode, totals["repaired"], totals["failed"]) == (1, 1, 1)
    assert "D_0000000001" in done.stderr
    assert both.is_equal()


def test_only_the_named_ones_are_synced(both: Dual) -> None:
    both.services.stores.cif.write(message("m2"))
    both.services.stores.cif.write(message("n1", OTHER))
    assert reconciled(both, "--deposition", OTHER)[1]["inserted"] == 1
    assert not both.is_equal()


def test_a_database_that_is_down_is_an_error(site: Site) -> None:
    done = msgmodule(Site(site.root, DOWN), "reconcile", "--all", profile="dual-write-cif-read")
    assert done.returncode == 1
    assert "database" in done.stderr


def test_a_profile_with_one_store_has_nothing_to_reconcile(site: Site) -> None:
    done = msgmodule(site, "reconcile", "--all", "--json", profile="cif-only")
    assert (done.returncode, set(json.loads(done.stdout).values())) == (0, {0})


def test_what_was_kept_for_the_database_alone_is_brought_in_though_some_of_it_is_refused(site: Site) -> None:
    kept = dual(site, DUAL[0])
    with away(kept):
        for dep in (DEP, OTHER):
            kept.chain.apply(message("kept", dep))
    with create_engine(site.database_url).begin() as connection:
        connection.execute(
            text(
                "CREATE TRIGGER refusing BEFORE INSERT ON pdbx_deposition_message_info"
                f" WHEN NEW.deposition_data_set_id = '{DEP}' BEGIN SELECT RAISE(ABORT, 'not this row'); END"
            )
        )
    done = msgmodule(site, "reconcile", "--all", profile="db-only")
    assert (done.returncode, f"{DEP}: the database refused" in done.stderr) == (1, True)
    assert [m.message_id for m in kept.services.stores.database.read(OTHER).correspondence.messages] == ["kept"]


def test_nothing_selected_is_wrong_usage(site: Site) -> None:
    assert msgmodule(site, "reconcile", profile="dual-write-cif-read").returncode == 2


def test_watching_repairs_again_and_ends_when_it_is_told_to(both: Dual, tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"]} | both.site.environ(both.services.settings.profile.name)
    command = [str(Path(sys.executable).with_name("msgmodule")), "reconcile", "--watch", "0.1", "--json"]
    with subprocess.Popen(command, env=environ, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        read = json.JSONDecoder()
        both.services.stores.cif.write(message("m2"))
        text = ""
        while '"inserted": 1' not in text:
            line = process.stdout.readline()
            assert line, f"it ended: {text}"
            text += line
        process.send_signal(signal.SIGTERM)
        text += process.stdout.read()
    assert process.returncode == 0
    assert read.raw_decode(text)[0]["failed"] == 0
    assert both.is_equal()


@pytest.mark.parametrize("profile", PROFILES[:3])
def test_old_locks_of_other_programs_are_seen_on_the_walk_though_no_writer_waits(site: Site, profile: str) -> None:
    client = site.client(site.app(profile))
    client.post(f"/api/v1/depositions/{DEP}/messages", json={"message_text": "t"})
    file = site.file(DEP)
    theirs, ours = (file.with_name(f"{name}.lock") for name in (file.name, site.file(DEP, NOTES).name))
    for lock in (theirs, ours, file.with_name("model.cif.lock")):
        lock.write_text("messaging elsewhere 1 1 1\n" if lock == ours else "")
        os.utime(lock, (time.time() - 400, time.time() - 400))
    assert lock_check(client)["ok"]
    assert msgmodule(site, "reconcile", "--all", profile=profile).returncode == 0
    assert not lock_check(client)["ok"]
    assert str(theirs) in lock_check(client)["found"]
    theirs.unlink()
    assert lock_check(client)["ok"]


def lock_check(client: FlaskClient) -> dict[str, Any]:
    checks = (client.get("/admin/health").json or {})["checks"]
    return next(check for check in checks if check["name"] == "foreign_locks")


def test_a_watch_of_one_deposition_is_refused_for_it_would_repair_all(site: Site) -> None:
    assert msgmodule(site, "reconcile", "--watch", "1", "--deposition", DEP).returncode == 2


def test_what_a_killed_writer_left_of_a_copy_is_swept_once_it_is_old(site: Site) -> None:
    left = [site.root / "state" / "ahead" / f".{name}.json.x.tmp" for name in ("old", "young")]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    os.utime(left[0], (0, 0))
    assert msgmodule(site, "reconcile", "--all", profile=DUAL[0]).returncode == 0
    assert [path.exists() for path in left] == [False, True]


@pytest.mark.parametrize("profile", DUAL)
def test_what_a_validation_tries_out_meanwhile_gets_no_files(site: Site, profile: str) -> None:
    site.app(profile)
    site.services("db-only").stores.database.apply(message("scratch", "validate-abc"))
    assert msgmodule(site, "reconcile", "--all", profile=profile).returncode == 0
    assert site.files() == {}
    assert site.services(profile).stores.database.behind() == ()
