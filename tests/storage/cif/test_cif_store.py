"""The CIF store reads and changes a deposition's three files; what it cannot read it refuses, and changes no byte of it."""

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from support import legacy
from support.site import DEPOSITION, make_site
from support.site import Site as Tree

from service.changes import AppendMessage, Change, EditDraft, MarkRead, Tag
from service.errors import Conflict, DamagedFile, NotFound
from service.messages import FileReference, Message, OriginalCommunication, Section, Status
from service.storage.base import Moved, Observer
from service.storage.cif.document import FRAME
from service.storage.cif.lock import Locks
from service.storage.cif.paths import Site
from service.storage.cif.store import CifStore
from service.vocabulary import CONTENT_TYPES, FROM_DEPOSITOR, NOTES, TO_DEPOSITOR

DEP = "D_1000000001"
OLD = (1_700_000_000, 1_700_000_000)


def _message(message_id: str, content_type: str = TO_DEPOSITOR, send_status: str = "Y", dep: str = DEP) -> Message:
    return Message(
        content_type, None, message_id, dep, "2026-01-02 03:04:05", "x", None, None, message_id,
        "it's a subject", "a text\n;of lines & Ångström\n", "text", send_status,
    )  # fmt: skip


def _append(message_id: str, content_type: str = TO_DEPOSITOR, send_status: str = "Y", dep: str = DEP) -> AppendMessage:
    return AppendMessage(dep, _message(message_id, content_type, send_status, dep))


def _store(tree: Tree, *, create: bool = True) -> CifStore:
    return CifStore(Site(tree.root / "data"), Locks(tree.root / "state", 1, Observer()), create=create, observer=Observer())


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return make_site(tmp_path, "", legacy=True)


@pytest.fixture
def store(tree: Tree) -> CifStore:
    return _store(tree)


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
def test_an_appended_message_goes_into_the_file_of_its_kind_and_is_read_by_the_legacy_class(
    store: CifStore, tree: Tree, content_type: str
) -> None:
    outcome = store.apply(_append("m1", content_type))

    found = store.read(DEP).correspondence.message("m1")
    assert found == replace(_message("m1", content_type), ordinal_id="1") == outcome.delta.append
    assert outcome.stores == {"cif": "written"}
    assert list(tree.archive.joinpath(DEP).iterdir()) == [tree.file(DEP, content_type)]
    assert legacy.rows(tree.file(DEP, content_type))[0]["message_text"] == _message("m1").message_text


def test_a_message_with_references_and_its_origin_is_one_change_of_one_file(store: CifStore) -> None:
    files = (
        FileReference(None, "m1", DEP, "model", "pdbx", "1", "2", "archive"),
        FileReference(None, "m1", DEP, "model", "pdb"),
    )
    original = OriginalCommunication(None, "m1", DEP, orig_sender="a@b.c", orig_message_subject="Ünter")

    store.apply(AppendMessage(DEP, _message("m1", NOTES), files, (original,)))

    section = store.read(DEP).correspondence.section(NOTES)
    assert section.files == tuple(replace(f, ordinal_id=str(n)) for n, f in enumerate(files, 1))
    assert section.originals == (replace(original, ordinal_id="1"),)


def test_a_repeat_of_a_message_writes_nothing(store: CifStore, tree: Tree) -> None:
    store.apply(_append("m1"))
    before = tree.files()

    assert store.apply(_append("m1")).delta.repeated
    assert tree.files() == before


def test_another_message_under_a_taken_id_is_refused_and_writes_nothing(store: CifStore, tree: Tree) -> None:
    store.apply(_append("m1"))
    before = tree.files()

    with pytest.raises(Conflict):
        store.apply(_append("m1", send_status="N"))
    with pytest.raises(Conflict):
        store.apply(_append("m1", NOTES))
    assert tree.files() == before


def test_editing_a_draft_changes_four_values_of_its_row_and_nothing_else(store: CifStore) -> None:
    store.apply(_append("draft", send_status="N"))
    store.apply(_append("after"))
    edits = {"message_subject": "new", "message_text": None, "send_status": "Y"}

    store.apply(EditDraft(DEP, TO_DEPOSITOR, "draft", "2026-02-03 04:05:06", edits))

    draft, after = store.read(DEP).correspondence.messages
    wanted = replace(
        _message("draft"), ordinal_id="1", timestamp="2026-02-03 04:05:06", message_subject="new", message_text=None
    )
    assert draft == wanted
    assert after == replace(_message("after"), ordinal_id="2")


@pytest.mark.parametrize(
    "change", [EditDraft(DEP, TO_DEPOSITOR, "x", "t", {}), MarkRead(DEP, "x"), Tag(DEP, "x", "Y", "N", "N")]
)
def test_a_change_to_an_unknown_message_is_not_found_and_changes_nothing(
    store: CifStore, tree: Tree, change: Change
) -> None:
    store.apply(_append("m1"))
    before = tree.files()

    with pytest.raises(NotFound):
        store.apply(change)
    assert tree.files() == before


def test_the_status_of_a_depositors_message_is_put_into_the_to_depositor_file(store: CifStore, tree: Tree) -> None:
    store.apply(_append("m1", FROM_DEPOSITOR))
    old = tree.file(DEP, FROM_DEPOSITOR).read_bytes()

    store.apply(MarkRead(DEP, "m1"))

    assert tree.file(DEP, FROM_DEPOSITOR).read_bytes() == old
    assert legacy.rows(tree.file(DEP), "pdbx_deposition_message_status")[0]["message_id"] == "m1"
    assert store.read(DEP).correspondence.statuses == (Status("m1", DEP, "Y", "Y", "N"),)


def test_every_real_deposition_is_read_with_all_the_legacy_class_finds_in_it(store: CifStore, tree: Tree) -> None:
    for dep in store.site.depositions():
        for section in store.read(dep).correspondence.sections:
            path = tree.file(dep, section.content_type)
            found = [m.message_text or "?" for m in section.messages]
            assert found == ([] if path.stat().st_size == 0 else [r["message_text"] for r in legacy.rows(path)])


@pytest.mark.parametrize("content", [b"", FRAME, None])
def test_a_file_that_is_missing_or_empty_holds_nothing_yet_and_takes_a_message(
    store: CifStore, tree: Tree, content: bytes | None
) -> None:
    path = tree.file(DEP)
    path.parent.mkdir()
    if content is not None:
        path.write_bytes(content)
        os.utime(path, OLD)

    assert store.read(DEP).correspondence.messages == ()
    store.apply(_append("m1"))
    assert [r["message_id"] for r in legacy.rows(path)] == ["m1"]


def test_an_unknown_deposition_is_not_found_and_reading_makes_no_directory(store: CifStore, tree: Tree) -> None:
    with pytest.raises(NotFound):
        store.read(DEP)
    assert not tree.archive.joinpath(DEP).exists()


def test_a_deposition_is_not_created_where_that_is_switched_off(tree: Tree) -> None:
    store = _store(tree, create=False)

    with pytest.raises(NotFound):
        store.apply(_append("m1"))
    assert not tree.archive.joinpath(DEP).exists()


def test_only_a_message_creates_a_deposition(store: CifStore, tree: Tree) -> None:
    for change in (MarkRead(DEP, "m1"), Tag(DEP, "m1", "Y"), EditDraft(DEP, NOTES, "m1", "t", {})):
        with pytest.raises(NotFound):
            store.apply(change)
    assert not tree.archive.joinpath(DEP).exists()


@pytest.mark.parametrize("damage", ["cut", "garbage", "zeros", "not utf-8"])
def test_a_damaged_file_is_refused_for_reading_and_writing_and_keeps_its_bytes(
    store: CifStore, tree: Tree, damage: str
) -> None:
    path = tree.file(DEPOSITION)
    whole = path.read_bytes()
    broken = {
        "cut": whole[: len(whole) // 2],
        "garbage": b"<html>502 Bad Gateway</html>",
        "zeros": whole[:4096] + bytes(4096) + whole[8192:],
        "not utf-8": whole.replace(b"Dear", b"D\xe9ar", 1),
    }[damage]
    path.write_bytes(broken)
    os.utime(path, OLD)
    before = tree.files()

    changes: list[Change] = [_append("m1", c, dep=DEPOSITION) for c in CONTENT_TYPES]
    for change in [*changes, MarkRead(DEPOSITION, "x"), Tag(DEPOSITION, "x", "N")]:
        with pytest.raises(DamagedFile, match="is damaged") as refused:
            store.apply(change)
        assert path.name in refused.value.message
        assert refused.value.details["path"] == str(path)
    with pytest.raises(DamagedFile):
        store.read(DEPOSITION)
    with pytest.raises(DamagedFile):
        store.put(DEPOSITION, Section(TO_DEPOSITOR), "any", None)
    assert tree.files() == before


def test_a_merge_that_restores_a_row_with_an_empty_value_can_be_written(store: CifStore, tree: Tree) -> None:
    store.apply(_append("m1"))
    path = tree.file(DEP)
    path.write_bytes(re.sub(rb"(\.context_type +)\?", rb"\1''", path.read_bytes()))
    (held,) = store.read(DEP).correspondence.section(TO_DEPOSITOR).messages
    assert legacy.rows(path)[0]["context_type"] == "?", "the legacy class takes an empty value for an absent one"
    path.write_bytes(FRAME)

    found = str(store.snapshot(DEP).signatures[TO_DEPOSITOR])
    store.put(DEP, Section(TO_DEPOSITOR, (held,)), found, None)

    assert [r["message_id"] for r in legacy.rows(path)] == ["m1"]


def test_a_file_that_was_changed_since_it_was_looked_at_is_not_written_on_what_was_seen(store: CifStore, tree: Tree) -> None:
    store.apply(_append("m1"))
    seen = store.snapshot(DEP)
    store.apply(_append("m2"))
    before = tree.files()

    with pytest.raises(Moved):
        store.put(DEP, Section(TO_DEPOSITOR), str(seen.signatures[TO_DEPOSITOR]), None)
    assert tree.files() == before
