"""A change of an outage brings its file up first: what that decides is noted once, about the file as it is, or not made."""

from dataclasses import replace

import pytest
from support import legacy
from support.dual import DEP, QUICK, Dual, away, drafted, dual, edit, first_call, flags, logged_conflicts, texts
from support.forked import killed
from support.site import DUAL, Site

from service.changes import AppendMessage, MarkRead
from service.messages import Message
from service.storage.cif import files
from service.vocabulary import NOTES


@pytest.fixture(params=DUAL)
def both(request: pytest.FixtureRequest, site: Site) -> Dual:
    return drafted(site, str(request.param))


def conflict(both: Dual) -> None:
    """Have another program write over an edit, and later over the next one what the first one had left."""
    both.chain.apply(edit("ours"))
    copy = both.old_copy()
    both.put_back(copy.replace(b"ours", b"theirs"))
    both.chain.apply(edit("last"))
    both.put_back(copy)


def logged(both: Dual) -> list[tuple[str, str]]:
    return texts(logged_conflicts(both.site))


def test_an_edit_that_another_program_wrote_over_is_noted_before_the_file_is_written_again(both: Dual) -> None:
    with away(both):
        conflict(both)
        both.append("m2", has_new_id=True)
        assert logged(both) == [("ours", "last")]


def test_what_is_noted_is_about_the_file_as_it_is(both: Dual, monkeypatch: pytest.MonkeyPatch) -> None:
    cif = both.services.stores.cif
    snapshot = cif.snapshot

    def then_written(deposition_data_set_id: str) -> object:
        found = snapshot(deposition_data_set_id)
        both.put_back(both.old_copy().replace(b"ours", b"their-last"))
        return found

    with away(both):
        conflict(both)
        monkeypatch.setattr(cif, "snapshot", then_written)
        both.append("m2", has_new_id=True)
        assert logged(both) == []


def test_what_is_decided_for_a_file_is_noted_once_though_another_file_moves(
    both: Dual, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes, note = both.site.file(DEP, NOTES), Message(NOTES, None, "n1", DEP, "2026-01-02 03:04:05", message_text="t")
    both.chain.apply(AppendMessage(DEP, note))
    both.read()
    old = notes.read_bytes()

    def by_another() -> None:
        legacy.append(notes, message_id="n3", message_subject="s", message_text="t")

    with away(both):
        both.chain.apply(AppendMessage(DEP, replace(note, message_id="n2"), has_new_id=True))
        conflict(both)
        notes.write_bytes(old)
        first_call(both.services.stores.cif, "put", monkeypatch, by_another)
        both.append("m2", has_new_id=True)
        assert logged(both) == [("ours", "last")]
    both.read()
    found = both.in_database().section(NOTES).messages
    assert {message.message_id for message in found} == {"n1", "n2", "n3"}


def test_a_change_that_its_writer_took_back_is_not_made(both: Dual, monkeypatch: pytest.MonkeyPatch) -> None:
    profile = both.services.settings.profile.name
    killed(lambda: dual(both.site, profile, **QUICK).chain.apply(MarkRead(DEP, "m1")), files, "replace")
    (copy,) = (both.site.root / "state" / "ahead").iterdir()
    with away(both):
        first_call(both.services.stores.cif, "put", monkeypatch, copy.unlink)
        both.append("m2", has_new_id=True)
        assert flags(both) == ("N", "Y", "N")
    assert flags(both) == ("N", "Y", "N")
    assert both.is_equal()


def test_an_old_copy_over_what_a_change_of_an_outage_wrote_for_a_dead_worker_is_known_for_one(both: Dual) -> None:
    both.append("m2")
    both.read()
    old, profile = both.old_copy(), both.services.settings.profile.name
    both.chain.apply(edit("edited"))
    killed(lambda: dual(both.site, profile, **QUICK).chain.apply(MarkRead(DEP, "m2")), files, "replace")
    with away(both):
        both.chain.apply(MarkRead(DEP, "m1"))
    both.put_back(old)
    assert [m.message_text for m in both.chain.read(DEP).correspondence.messages] == ["edited", "text"]
    assert both.is_equal()
