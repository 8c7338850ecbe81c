"""A store that remembers files answers and writes as one that has just started, whoever changed them meanwhile."""

import os
import random
import shutil
from pathlib import Path

import pytest
from support import legacy
from support.site import DEPOSITION, make_site
from support.site import Site as Tree

from service.changes import AppendMessage, Change, EditDraft, MarkRead, Tag
from service.errors import NotFound
from service.messages import FileReference, Message
from service.storage.base import Observer
from service.storage.cif import signature
from service.storage.cif.lock import Locks
from service.storage.cif.paths import Site
from service.storage.cif.store import CifStore
from service.vocabulary import CONTENT_TYPES, NOTES, TO_DEPOSITOR

OLD = (1_700_000_000, 1_700_000_000)
TEXTS = ("t", "a\n;b", 'it\'s "x"', None, "Å")


def _store(tree: Tree) -> CifStore:
    return CifStore(Site(tree.root / "data"), Locks(tree.root / "state", 5, Observer()), create=True, observer=Observer())


def _append(
    message_id: str, content_type: str = TO_DEPOSITOR, text: str | None = "text", send_status: str = "Y"
) -> AppendMessage:
    message = Message(
        content_type, None, message_id, DEPOSITION, "2026-01-02 03:04:05", message_text=text, send_status=send_status
    )
    return AppendMessage(DEPOSITION, message, (FileReference(None, message_id, DEPOSITION, "model", "pdbx"),))


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return make_site(tmp_path, "", legacy=True)


def _any_change(dice: random.Random, store: CifStore, number: int) -> Change:
    """Choose a change at random that the deposition allows."""
    messages = store.read(DEPOSITION).correspondence.messages
    known = str(dice.choice(messages).message_id)
    drafts = [m for m in messages if m.send_status == "N"]
    choices: list[Change] = [
        _append(f"new-{number}", dice.choice(CONTENT_TYPES), dice.choice(TEXTS), dice.choice("YN")),
        MarkRead(DEPOSITION, known),
        Tag(DEPOSITION, known, dice.choice("YN"), dice.choice("YN"), dice.choice(["Y", None])),
    ]
    if drafts:
        draft = dice.choice(drafts)
        edits = {"message_text": dice.choice(["one\ntwo", "?", None]), "send_status": dice.choice("YN")}
        choices.append(EditDraft(DEPOSITION, draft.content_type, str(draft.message_id), "2026-02-03 04:05:06", edits))
    return dice.choice(choices)


@pytest.mark.parametrize("seed", range(6))
def test_two_stores_and_a_legacy_program_that_take_turns_always_see_the_same(tree: Tree, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - a course of events, not a secret
    stores = [_store(tree), _store(tree)]
    for number in range(40):
        event = dice.randrange(8)
        path = tree.file(DEPOSITION, dice.choice(CONTENT_TYPES))
        if event == 0:
            legacy.append(path, message_id=f"legacy-{number}", message_subject="s", message_text="from outside")
        elif event == 1:
            os.utime(path, OLD)
        else:
            store = dice.choice(stores)
            store.apply(_any_change(dice, store, number))
        wanted = _store(tree).read(DEPOSITION).correspondence
        assert [store.read(DEPOSITION).correspondence for store in stores] == [wanted, wanted]


def test_a_file_that_was_restored_from_an_old_copy_is_not_answered_from_memory(tree: Tree) -> None:
    store, path = _store(tree), tree.file(DEPOSITION)
    os.utime(path, OLD)
    copy, before = path.read_bytes(), store.read(DEPOSITION).correspondence
    store.apply(_append("m1"))
    assert store.read(DEPOSITION).correspondence.message("m1")

    path.write_bytes(copy)
    os.utime(path, OLD)

    assert store.read(DEPOSITION).correspondence == before


def test_a_rewrite_in_place_of_equal_size_in_the_same_tick_is_not_answered_from_memory(tree: Tree) -> None:
    store, path = _store(tree), tree.file(DEPOSITION)
    path.write_bytes(path.read_bytes())
    stat = path.stat()
    before = store.read(DEPOSITION).correspondence

    path.write_bytes(path.read_bytes().replace(b"Depositor", b"depositor"))
    os.utime(path, ns=(stat.st_mtime_ns, stat.st_mtime_ns))

    after = store.read(DEPOSITION).correspondence
    assert after == _store(tree).read(DEPOSITION).correspondence != before


def test_a_file_that_vanished_is_not_answered_from_memory(tree: Tree) -> None:
    store, path = _store(tree), tree.file(DEPOSITION)
    os.utime(path, OLD)
    store.read(DEPOSITION)

    path.unlink()

    assert store.read(DEPOSITION).correspondence.section(TO_DEPOSITOR).messages == ()


@pytest.fixture
def at_rest(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> CifStore:
    """Give a store that read a deposition whose times are taken for conclusive."""
    monkeypatch.setattr(signature, "GRANULARITY", 0)
    store = _store(tree)
    store.read(DEPOSITION)
    probe, last = tree.root / "probe", tree.file(DEPOSITION).parent.stat().st_ctime_ns
    while not probe.exists() or probe.stat().st_ctime_ns == last:  # until the file system's clock ticks
        probe.write_bytes(b"")
    return store


def test_a_deposition_that_nothing_touches_is_answered_without_looking_into_it(
    tree: Tree, at_rest: CifStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = _store(tree).read(DEPOSITION)
    monkeypatch.setattr(os, "listdir", None)
    monkeypatch.setattr("builtins.open", None)

    assert at_rest.read(DEPOSITION) == wanted


def test_a_file_that_is_written_in_place_is_not_answered_from_memory_though_its_directory_stands(
    tree: Tree, at_rest: CifStore
) -> None:
    path = tree.file(DEPOSITION)
    directory = path.parent.stat()
    path.write_bytes(b"data_messages-to-depositor\n")

    assert path.parent.stat().st_ctime_ns == directory.st_ctime_ns
    assert at_rest.read(DEPOSITION).correspondence.section(TO_DEPOSITOR).messages == ()


@pytest.mark.parametrize("touch", ["new version", "another file", "in place", "replaced", "removed", "gone"])
def test_a_deposition_that_was_touched_is_not_answered_from_memory(tree: Tree, at_rest: CifStore, touch: str) -> None:
    path = tree.file(DEPOSITION)
    known, old = at_rest.read(DEPOSITION).correspondence, path.parent.stat()
    copy = path.read_bytes().replace(b"Depositor", b"depositor")
    if touch == "new version":
        path.with_name(path.name.replace(".V1", ".V2")).write_bytes(copy)
    elif touch == "another file":
        tree.file(DEPOSITION, NOTES).write_bytes(copy)
    elif touch == "in place":
        path.write_bytes(copy)
    elif touch == "replaced":
        path.with_name("other").write_bytes(copy)
        path.with_name("other").replace(path)
    elif touch == "removed":
        path.unlink()
    else:
        shutil.rmtree(path.parent)
        with pytest.raises(NotFound):
            at_rest.read(DEPOSITION)
        return
    os.utime(path.parent, ns=(old.st_atime_ns, old.st_mtime_ns))  # as a program that restores a backup does

    after = at_rest.read(DEPOSITION).correspondence
    assert after == _store(tree).read(DEPOSITION).correspondence != known


@pytest.mark.parametrize("message_id", ["Å", "a&amp;b", ";x", "it's", "a b", "x" * 200, "?"])
def test_a_repeat_is_known_by_its_id_however_that_is_written_in_the_file(tree: Tree, message_id: str) -> None:
    _store(tree).apply(_append(message_id))
    before = tree.files()

    assert _store(tree).apply(_append(message_id)).delta.repeated
    assert tree.files() == before


def test_a_store_that_has_just_started_numbers_a_message_behind_those_that_are_there(tree: Tree) -> None:
    count = len(_store(tree).read(DEPOSITION).correspondence.section(TO_DEPOSITOR).messages)

    delta = _store(tree).apply(_append("m1")).delta

    assert delta.append is not None
    assert delta.append.ordinal_id == str(count + 1)
