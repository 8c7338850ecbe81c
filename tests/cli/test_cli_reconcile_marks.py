"""`msgmodule reconcile` and `import` where one thing alone tells that a store lacks something: each of them is enough."""

import json
import shutil
from collections.abc import Callable

import pytest
from support.command import DOWN, msgmodule
from support.dual import DEP, Dual, away, dual, set_back
from support.site import DUAL, Site

from service.changes import EditDraft
from service.storage.cif.lock import lock_of
from service.storage.markers import Markers
from service.vocabulary import TO_DEPOSITOR


@pytest.fixture(params=DUAL)
def both(request: pytest.FixtureRequest, site: Site) -> Dual:
    """One message in both stores."""
    made = dual(site, request.param)
    made.append("m1")
    made.read()
    assert made.is_equal()
    return made


def run(both: Dual, command: str) -> dict[str, int]:
    """Run a command over everything, and give what it counts above nothing."""
    done = msgmodule(both.site, command, "--all", "--json", profile=both.services.settings.profile.name)
    assert done.returncode == 0, done.stderr
    return {name: count for name, count in json.loads(done.stdout).items() if count}


def flag(both: Dual) -> None:
    """Have a change of the database alone whose mark a power cut took."""
    dual(both.site, "db-only").append("late")
    (both.site.root / "state" / "cif-behind" / DEP).unlink()


def keep(both: Dual) -> None:
    """Have a change that waits for the database, and its file set back."""
    with set_back(both), away(both):
        both.append("late")


def begin(both: Dual) -> None:
    """Have one whose worker died before it was made to last, and its file set back."""
    keep(both)
    (lasting,) = (both.site.root / "state" / "pending" / DEP).iterdir()
    lasting.rename(both.site.root / "state" / "ahead" / f"{DEP}.{lasting.name}")


@pytest.mark.parametrize("command", ["reconcile", "import"])
@pytest.mark.parametrize("lack", [flag, keep, begin])
def test_what_one_thing_alone_tells_is_brought_up(both: Dual, lack: Callable[[Dual], None], command: str) -> None:
    lack(both)
    assert run(both, command)["found"] == 1
    assert [m.message_id for m in both.in_files().messages] == ["m1", "late"]
    assert both.is_equal()
    assert both.kept("pending") == both.kept("ahead") == []


@pytest.mark.parametrize("command", ["reconcile", "import"])
def test_a_mark_alone_that_a_killed_worker_left_is_taken_away(both: Dual, command: str) -> None:
    Markers(both.site.root / "state").set(DEP)
    assert run(both, command)["found"] == 1
    assert both.kept("cif-behind") == []


def test_a_directory_that_is_gone_is_made_again_from_the_database(both: Dual) -> None:
    shutil.rmtree(both.file().parent)
    assert run(both, "reconcile")["repaired"] == 1
    assert [m.message_id for m in both.in_files().messages] == ["m1"]
    assert both.is_equal()


def test_a_deposition_that_nobody_knows_is_no_repair(both: Dual) -> None:
    profile = both.services.settings.profile.name
    done = msgmodule(both.site, "reconcile", "--deposition", "D_77", "--json", profile=profile)
    totals = json.loads(done.stdout)
    assert (done.returncode, totals["repaired"], totals["failed"]) == (1, 0, 1)
    assert "D_77" in done.stderr


def test_a_mark_of_a_deposition_that_was_never_made_is_taken_away_and_no_failure(both: Dual) -> None:
    Markers(both.site.root / "state").set("D_1000000077")
    assert run(both, "reconcile") == {"found": 1, "repaired": 1}
    assert both.kept("cif-behind") == []


def test_a_file_that_cannot_be_locked_is_no_repair_and_is_named(both: Dual) -> None:
    flag(both)
    lock = lock_of(both.file())
    lock.touch()
    profile = both.services.settings.profile.name
    done = msgmodule(both.site, "reconcile", "--all", "--json", profile=profile, MSGMODULE_LOCK_TIMEOUT="0.1")
    totals = json.loads(done.stdout)
    assert (done.returncode, totals["repaired"], totals["failed"]) == (1, 0, 1)
    assert lock.name in done.stderr


def test_a_database_that_is_down_ends_a_repair_of_named_ones_and_says_so_once(both: Dual) -> None:
    named = ("--deposition", DEP, "--deposition", "D_1000000002")
    down = Site(both.site.root, DOWN)
    done = msgmodule(down, "reconcile", *named, "--json", profile=both.services.settings.profile.name)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("does not answer") == 1


def test_what_is_decided_and_replaced_is_counted(both: Dual) -> None:
    stores = both.services.stores
    both.append("m2", "draft", send_status="N")
    for store, text in ((stores.cif, "file"), (stores.database, "database")):
        store.apply(EditDraft(DEP, TO_DEPOSITOR, "m2", "2026-02-02 02:02:02", {"message_text": text}))
    updated = {"updated": 1} if both.services.settings.profile.reads == "cif" else {}
    assert run(both, "reconcile") == {"found": 1, "repaired": 1, "conflicting": 1} | updated
    assert both.is_equal()


@pytest.mark.parametrize("profile", DUAL)
def test_an_import_of_a_deposition_that_began_in_an_outage_leaves_nothing_waiting(site: Site, profile: str) -> None:
    new = dual(site, profile)
    with away(new):
        new.append("first")
    assert run(new, "import") == {"found": 1, "inserted": 1}
    assert new.is_equal()
    assert new.kept("pending") == []


def test_one_that_is_marked_and_differs_too_is_tried_and_counted_once(both: Dual) -> None:
    Markers(both.site.root / "state").set(DEP)
    both.put_back(both.old_copy()[:-40])
    done = msgmodule(both.site, "reconcile", "--all", "--json", profile=both.services.settings.profile.name)
    totals = json.loads(done.stdout)
    assert (done.returncode, totals["found"], totals["failed"]) == (1, 1, 1)


def test_an_import_that_cannot_write_what_the_file_lacks_has_failed(both: Dual) -> None:
    flag(both)
    lock_of(both.file()).touch()
    profile = both.services.settings.profile.name
    done = msgmodule(both.site, "import", "--all", "--json", profile=profile, MSGMODULE_LOCK_TIMEOUT="0.1")
    totals = json.loads(done.stdout)
    assert (done.returncode, totals["found"], totals["failed"]) == (1, 1, 1)
