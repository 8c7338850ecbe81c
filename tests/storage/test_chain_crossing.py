"""Two writers of one row that cross on the way to the database: the later one holds, and an old copy erases neither."""

from collections.abc import Callable
from typing import Any

import pytest
from support.dual import DEP, Dual, away, dual, edit, first_call, flags, logged_conflicts, noted, texts
from support.site import DUAL, Site

from service.changes import AppendMessage, Change, MarkRead, Tag
from service.errors import DamagedFile, NotFound
from service.messages import Message
from service.storage.base import Recorded
from service.vocabulary import NOTES, TO_DEPOSITOR


@pytest.fixture(params=DUAL)
def both(request: pytest.FixtureRequest, site: Site) -> Dual:
    made = dual(site, request.param)
    made.append("m1", "draft", send_status="N")
    made.append("m2")
    made.read()
    return made


def overtaken(both: Dual, monkeypatch: pytest.MonkeyPatch, change: Change, by: Callable[[], object]) -> None:
    """Make a change that another one overtakes between the file and the database."""
    database = both.services.stores.database
    record = database.record

    def late(*given: Any) -> Recorded:
        monkeypatch.setattr(database, "record", record)
        by()
        return record(*given)

    monkeypatch.setattr(database, "record", late)
    assert both.chain.apply(change).stores == {"cif": "written", "database": "written"}


def text(both: Dual) -> str | None:
    message = both.chain.read(DEP).correspondence.message("m1")
    return message.message_text if message else None


def logged(both: Dual) -> list[tuple[str, str]]:
    """Give the texts that were kept and lost by conflicts, as both logs hold them."""
    in_file, in_database = (texts(log) for log in (logged_conflicts(both.site), noted(both.site)))
    assert in_file == in_database
    return in_file


def test_an_edit_overtaken_by_a_later_one_does_not_come_back(both: Dual, monkeypatch: pytest.MonkeyPatch) -> None:
    overtaken(both, monkeypatch, edit("first"), lambda: both.chain.apply(edit("second")))
    assert text(both) == "second"
    assert both.is_equal()
    assert both.kept("pending") == []
    assert noted(both.site) == []  # the later one had seen it


def test_an_edit_that_an_old_copy_took_is_back_before_a_later_one_is_made(
    both: Dual, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = both.old_copy()

    def meanwhile() -> None:
        both.put_back(old)
        both.chain.apply(edit("second"))

    overtaken(both, monkeypatch, edit("first"), meanwhile)
    assert text(both) == "second"
    assert both.is_equal()
    assert [c["kept"]["message_text"] for c in noted(both.site)] == ["first"]


def test_edits_that_cross_are_not_lost_to_an_old_copy(both: Dual, monkeypatch: pytest.MonkeyPatch) -> None:
    old = both.old_copy()
    overtaken(both, monkeypatch, edit("first"), lambda: both.chain.apply(edit("second")))
    both.chain.apply(MarkRead(DEP, "m2"))
    both.put_back(old)
    assert text(both) == "second"
    assert both.is_equal()


def test_flags_of_two_messages_that_cross_are_both_taken(both: Dual, monkeypatch: pytest.MonkeyPatch) -> None:
    both.chain.apply(Tag(DEP, "m1", "N", "Y", "N"))
    both.chain.apply(Tag(DEP, "m2", "N", "Y", "N"))
    old = both.old_copy()
    overtaken(both, monkeypatch, MarkRead(DEP, "m1"), lambda: both.chain.apply(MarkRead(DEP, "m2")))
    assert [s.read_status for s in both.in_database().statuses] == ["Y", "Y"]
    both.put_back(old)
    both.read()
    assert both.is_equal()


def test_a_message_that_an_old_copy_takes_right_before_its_change_is_found(
    both: Dual, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = both.old_copy()
    both.append("m3")
    first_call(both.services.stores.cif, "write", monkeypatch, lambda: both.put_back(old))
    assert both.chain.apply(MarkRead(DEP, "m3")).stores == {"cif": "written", "database": "written"}
    with pytest.raises(NotFound):
        both.chain.apply(MarkRead(DEP, "unknown"))
    assert both.is_equal()


@pytest.mark.parametrize(
    "change",
    [MarkRead(DEP, "m1"), AppendMessage(DEP, Message(TO_DEPOSITOR, None, "m3", DEP, "2026-01-02 03:04:05"))],
    ids=["flag", "message"],
)
def test_what_an_old_copy_and_a_reader_met_on_its_way_is_not_undone(
    both: Dual, monkeypatch: pytest.MonkeyPatch, change: Change
) -> None:
    third = dual(both.site, both.services.settings.profile.name)
    both.chain.apply(Tag(DEP, "m1", "N", "Y", "N"))
    old = both.old_copy()
    both.append("lost to the old copy")

    def meanwhile() -> None:
        both.put_back(old)
        third.read()

    first_call(both.services.stores.database, "record", monkeypatch, meanwhile)
    both.chain.apply(change)
    with away(both):
        assert change.resolve(both.chain.read(DEP).correspondence).repeated
    assert change.resolve(both.chain.read(DEP).correspondence).repeated
    assert both.is_equal()


def test_a_change_that_is_in_its_file_is_answered_though_another_file_was_damaged_meanwhile(
    both: Dual, monkeypatch: pytest.MonkeyPatch
) -> None:
    both.chain.apply(MarkRead(DEP, "m1"))
    both.read()
    notes, stores = both.site.file(DEP, NOTES), both.services.stores

    def meanwhile() -> None:
        both.put_back(both.old_copy())
        first_call(stores.database, "state", monkeypatch, lambda: notes.write_bytes(b"data_messages\nloop_\n"))

    first_call(stores.cif, "write", monkeypatch, meanwhile)
    outcome = both.chain.apply(MarkRead(DEP, "m1"))
    assert (outcome.delta.repeated, outcome.stores) == (True, {"cif": "written", "database": "behind"})
    with pytest.raises(DamagedFile, match=notes.name):
        both.read()
    notes.unlink()
    assert flags(both)[0] == "Y"
    assert both.is_equal()


def test_flags_that_others_bring_in_meanwhile_are_not_made_again(both: Dual, monkeypatch: pytest.MonkeyPatch) -> None:
    other = dual(both.site, both.services.settings.profile.name)
    both.chain.apply(Tag(DEP, "m1", "N", "Y", "N"))
    with away(both):
        both.chain.apply(MarkRead(DEP, "m1"))

        def meanwhile() -> None:
            other.chain.apply(Tag(DEP, "m1", "N", "Y", "N"))

        first_call(both.services.stores.cif, "snapshot", monkeypatch, meanwhile)
        both.append("m2")
    assert flags(both) == ("N", "Y", "N")
    assert both.is_equal()
