"""The active profile as a process sees it: looked at once a request, followed at the next one, never guessed."""

import threading

import pytest
from support.site import Site

from service.errors import FileUnavailable
from service.messages import Message
from service.services import Services, services


def started(site: Site, profile: str) -> Services:
    found = site.services(profile)
    found.switching.start()
    return found


def test_a_snapshot_is_kept_while_nothing_changes(site: Site) -> None:
    found = started(site, "cif-only")
    first = found.runtime.current()
    assert found.runtime.current() is first


def test_a_switch_by_another_process_is_followed_at_the_next_look(site: Site) -> None:
    follower, mover = started(site, "cif-only"), started(site, "cif-only")
    before = follower.runtime.current()
    mover.switching.switch("dual-write-cif-read", 1, "r", "me")
    after = follower.runtime.current()
    assert (before.profile.name, after.profile.name, after.active.epoch) == ("cif-only", "dual-write-cif-read", 2)
    assert before.chain is not after.chain


def test_a_request_keeps_its_profile_to_its_end(site: Site) -> None:
    app, mover = site.app("cif-only"), started(site, "cif-only")

    def stores_written() -> set[str]:
        letter = Message("messages-to-depositor", None, None, "D_1", None, message_text="t")
        return set(services().messages.send(letter).stores)

    with app.test_request_context():
        assert stores_written() == {"cif"}
        mover.switching.switch("dual-write-cif-read", 1, "r", "me")
        assert stores_written() == {"cif"}
    with app.test_request_context():
        assert stores_written() == {"cif", "database"}


def test_a_breaker_that_is_open_stays_open_over_a_switch(site: Site) -> None:
    found = started(site, "dual-write-cif-read")
    guard = found.stores.database.guard
    found.switching.switch("cif-only", 1, "r", "me")
    found.runtime.current()
    assert found.stores.database.guard is guard


def test_a_site_whose_profile_is_gone_is_not_served_by_guess(site: Site) -> None:
    found = started(site, "dual-write-db-read")
    found.runtime.current()
    (site.root / "state" / "profile.json").unlink()
    with pytest.raises(FileUnavailable, match="restart the service"):
        found.runtime.current()


def test_a_process_says_which_epoch_it_uses(site: Site) -> None:
    found = started(site, "cif-only")
    found.runtime.current()
    found.switching.switch("phase-1", 1, "r", "me")
    assert [w["epoch"] for w in found.runtime.workers.all()] == [1]
    found.runtime.current()
    assert [w["epoch"] for w in found.runtime.workers.all()] == [2]


def test_threads_that_look_during_switches_see_whole_snapshots(site: Site) -> None:
    found, mover = started(site, "cif-only"), started(site, "cif-only")
    stop = threading.Event()
    wrong: list[str] = []

    def look() -> None:
        last = 0
        while not stop.is_set():
            seen = found.runtime.current()
            if seen.profile.name != seen.active.profile or seen.active.epoch < last:
                wrong.append(f"{seen.profile.name} {seen.active} after {last}")
            last = seen.active.epoch

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for n in range(20):
        mover.switching.switch(("dual-write-cif-read", "cif-only")[n % 2], n + 1, "r", "me")
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert found.runtime.current().active.epoch == 21
