"""What a switch tries to bring up, and how often: a file in the way once, a database that is away once."""

from collections.abc import Iterable, Sequence

import pytest
from support.command import DOWN as AWAY
from support.dual import DEP, away, dual
from support.site import Site

from service.changes import AppendMessage
from service.errors import SwitchRefused
from service.messages import Message
from service.storage.cif.lock import lock_of
from service.storage.markers import Markers
from service.sync.sync import Sync
from service.vocabulary import TO_DEPOSITOR

NEW = "D_1000000002"


def first() -> AppendMessage:
    """Give the change that a deposition begins with."""
    message = Message(TO_DEPOSITOR, None, "first", NEW, "2026-01-02 03:04:05", message_text="t")
    return AppendMessage(NEW, message, has_new_id=True)


def test_a_file_that_stands_in_the_way_is_waited_for_once(ready: Site) -> None:
    found = ready.services("db-only", MSGMODULE_LOCK_TIMEOUT="0.1")
    found.switching.start()
    late = dual(ready, "db-only")
    late.append("late")
    late.chain.apply(first())
    lock_of(ready.file(DEP)).touch()
    shown: list[Sequence[str]] = []

    def progress(depositions: Sequence[str], what: str) -> Iterable[str]:
        assert what == "export"
        shown.append(depositions)
        return depositions

    with pytest.raises(SwitchRefused, match="could not be exported, 1 were"):
        found.switching.switch("dual-write-db-read", None, "back", "operator", progress=progress)
    assert shown == [[DEP, NEW]]


def test_a_database_that_is_away_is_asked_for_one_deposition_and_not_for_each(
    ready: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready.services("dual-write-db-read").switching.start()
    keys = [f"D_100000000{n}" for n in range(1, 6)]
    for key in keys:
        Markers(ready.root / "state").set(key)
    run, tried = Sync.run, []

    def counted(self: Sync, deposition_data_set_id: str, reason: str, wait: float | None = None) -> object:
        tried.append(deposition_data_set_id)
        return run(self, deposition_data_set_id, reason, wait)

    monkeypatch.setattr(Sync, "run", counted)
    down = Site(ready.root, AWAY).services("dual-write-db-read")
    with pytest.raises(SwitchRefused, match="files_complete"):
        down.switching.switch("dual-write-cif-read", None, "back", "operator")
    assert tried == keys[:1]


def test_a_deposition_that_began_in_an_outage_holds_up_no_move(ready: Site) -> None:
    both = dual(ready, "dual-write-cif-read")
    both.services.switching.start()
    with away(both):
        both.chain.apply(first())
    assert both.services.switching.switch("dual-write-db-read", None, "on", "operator").epoch == 2
    assert [m.message_id for m in both.services.stores.database.read(NEW).correspondence.messages] == ["first"]
