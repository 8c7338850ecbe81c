"""What a switch brings up before it moves, and how it waits for the one before: nothing acknowledged is hidden by a move."""

import itertools
import json
import threading
from collections.abc import Iterable, Sequence

import pytest
from support import legacy
from support.command import DOWN as AWAY
from support.command import msgmodule
from support.dual import DEP, dual
from support.site import Site

from service import switching
from service.active import Active
from service.services import Services, services_of
from service.storage.base import Snapshot

OTHER = "D_1000000002"


def started(site: Site, profile: str, **more: str) -> Services:
    found = site.services(profile, **more)
    found.switching.start()
    return found


def ids(site: Site) -> list[str]:
    return [row["message_id"] for row in legacy.rows(site.file(DEP))]


def test_what_waits_for_the_database_is_in_the_file_before_the_file_answers_alone(ready: Site) -> None:
    away = Site(ready.root, AWAY)
    old = ready.file(DEP).read_bytes()
    found = started(away, "dual-write-cif-read")
    dual(away, "dual-write-cif-read").append("kept")
    ready.file(DEP).write_bytes(old)
    assert [m.message_id for m in found.runtime.current().chain.read(DEP).correspondence.messages] == ["m", "kept"]
    assert found.switching.switch("cif-only", None, "r", "me").profile == "cif-only"
    assert [m.message_id for m in found.runtime.current().chain.read(DEP).correspondence.messages] == ["m", "kept"]
    assert ids(ready) == ["m", "kept"]


def test_a_file_that_holds_what_is_kept_is_left_alone_on_the_way_to_files(ready: Site) -> None:
    away = Site(ready.root, AWAY)
    found = started(away, "dual-write-cif-read", MSGMODULE_LOCK_TIMEOUT="0.1")
    dual(away, "dual-write-cif-read").append("kept")
    ready.file(DEP).with_name(ready.file(DEP).name + ".lock").touch()
    assert found.switching.switch("cif-only", None, "r", "me").epoch == 2


def test_the_way_back_exports_what_changed_and_nothing_else(ready: Site) -> None:
    other = ready.file(OTHER)
    other.parent.mkdir()
    other.write_bytes(ready.file(DEP).read_bytes())
    ready.import_all()
    found = started(ready, "db-only")
    before = other.stat()
    dual(ready, "db-only").append("late")
    shown: dict[str, Sequence[str]] = {}

    def progress(depositions: Sequence[str], what: str) -> Iterable[str]:
        shown[what] = depositions
        return depositions

    found.switching.switch("dual-write-db-read", None, "r", "me", progress=progress)
    assert shown == {"export": [DEP]}
    assert ids(ready) == ["m", "late"]
    assert other.stat() == before
    assert dual(ready, "dual-write-db-read").is_equal()


def test_what_is_written_while_the_others_are_exported_is_exported_too(ready: Site) -> None:
    found = started(ready, "db-only")
    writer = dual(ready, "db-only")
    writer.append("late")
    passes: list[str] = []

    def progress(depositions: Sequence[str], what: str) -> Iterable[str]:
        passes.append(what)
        yield from depositions
        if len(passes) < 9:
            writer.append(f"later-{len(passes)}")

    found.switching.switch("dual-write-db-read", None, "r", "me", progress=progress)
    answers = dual(ready, "dual-write-db-read")
    assert len(answers.read()) == 10
    assert ids(ready) == answers.read()
    assert answers.is_equal()


def test_the_files_are_left_for_the_database_though_it_is_away_where_they_lack_nothing(ready: Site) -> None:
    started(ready, "dual-write-db-read")
    found = started(Site(ready.root, AWAY), "dual-write-db-read")
    assert found.switching.switch("dual-write-cif-read", None, "r", "me").epoch == 2


def test_a_dual_profile_settles_what_a_crash_left_before_it_moves_on(ready: Site) -> None:
    found = started(ready, "dual-write-cif-read")
    old = ready.file(DEP).read_bytes()
    dual(ready, "dual-write-cif-read").append("second")
    ready.file(DEP).write_bytes(old)
    assert found.switching.switch("dual-write-db-read", None, "r", "me").epoch == 2
    assert ids(ready) == ["m", "second"]


def test_a_second_move_waits_for_the_requests_of_the_first_one(ready: Site) -> None:
    app = ready.app("cif-only")
    worker = services_of(app).runtime
    mover = ready.services("cif-only").switching
    leased = worker.lease()
    mover.switch("dual-write-cif-read", 1, "r", "me")
    worker.current()
    assert [w["epoch"] for w in worker.workers.all()] == [1]
    done: list[Active] = []
    second = threading.Thread(target=lambda: done.append(mover.switch("dual-write-db-read", 2, "r", "me")))
    second.start()
    second.join(0.5)
    assert not done
    worker.release(leased)
    second.join()
    assert [active.epoch for active in done] == [3]


def test_a_move_does_not_wait_for_ever_and_names_who_lags(ready: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switching, "DRAIN", 0.2)
    worker = services_of(ready.app("cif-only")).runtime
    worker.lease()
    assert msgmodule(ready, "profile", "switch", "phase-1", "--reason", "r").returncode == 0
    refused = msgmodule(ready, "profile", "switch", "cif-only", "--reason", "r")
    assert refused.returncode == 1
    assert "1 workers are not under epoch 2 yet" in refused.stderr
    assert msgmodule(ready, "profile", "switch", "cif-only", "--reason", "r", "--force").returncode == 0
    last = json.loads((ready.root / "state" / "audit.jsonl").read_text().splitlines()[-1])
    assert (last["result"], last["forced"], last["epoch"]) == ("switched", ["drained"], 3)


def test_a_worker_that_is_idle_follows_a_switch_by_itself(ready: Site) -> None:
    worker = services_of(ready.app("cif-only")).runtime
    followed = threading.Event()
    reported = worker.workers.report

    def report(epoch: int, breaker: str, failures: int, changed: str | None) -> None:
        reported(epoch, breaker, failures, changed)
        followed.set()

    worker.workers.report = report  # type: ignore[method-assign]
    worker.follow()
    ready.services("cif-only").switching.switch("dual-write-cif-read", 1, "r", "me")
    assert followed.wait(20)
    assert [w["epoch"] for w in worker.workers.all()] == [2]


def test_a_process_starts_while_a_move_is_being_made(ready: Site) -> None:
    found = started(ready, "db-only")
    dual(ready, "db-only").append("late")
    epochs: list[int] = []

    def progress(depositions: Sequence[str], what: str) -> Iterable[str]:
        assert what == "export"
        epochs.append(started(ready, "db-only").switching.active().epoch)
        return depositions

    found.switching.switch("dual-write-db-read", None, "r", "me", progress=progress)
    assert epochs == [1]


def test_a_deposition_that_is_written_all_the_time_holds_up_no_way_back(
    ready: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = started(ready, "db-only")
    busy = dual(ready, "db-only")
    busy.append("n0")
    state, count = found.stores.database.state, itertools.count(1)

    def crossed(deposition_data_set_id: str) -> Snapshot | None:
        busy.append(f"n{next(count)}")
        return state(deposition_data_set_id)

    with monkeypatch.context() as patch:
        patch.setattr(found.stores.database, "state", crossed)
        assert found.switching.switch("dual-write-db-read", None, "r", "me").epoch == 2
    assert not set(ids(ready)) - {"m"}, "no sync came to an end"

    answered = found.runtime.current().chain.read(DEP).correspondence.messages
    assert {str(m.message_id) for m in answered} == {"m", *(f"n{n}" for n in range(next(count)))}
    assert ids(ready) == [m.message_id for m in answered]
