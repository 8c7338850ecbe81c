"""Before a message is written the old content becomes PREV0, and so on to PREV4."""

import resource
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.site import Site as Tree

from service.changes import AppendMessage, MarkRead, Tag
from service.errors import FileUnavailable
from service.messages import Message
from service.storage.base import Observer
from service.storage.cif.lock import Locks
from service.storage.cif.paths import Site
from service.storage.cif.store import CifStore
from service.vocabulary import CONTENT_TYPES, TO_DEPOSITOR

DEP = "D_1000000001"
GROUP = "G_1002003"
#: Memory, which is no file system of a disk.
ELSEWHERE = "/dev/shm"  # noqa: S108


def _append(message_id: str, content_type: str = TO_DEPOSITOR, dep: str = DEP) -> AppendMessage:
    text = f"text of {message_id}"
    return AppendMessage(dep, Message(content_type, None, message_id, dep, "2026-01-02 03:04:05", message_text=text))


@pytest.fixture
def store(tree: Tree) -> CifStore:
    return CifStore(Site(tree.root / "data"), Locks(tree.root / "state", 1, Observer()), create=True, observer=Observer())


def _snapshots(path: Path) -> list[bytes]:
    found = sorted(path.parent.glob(f"{path.name}.PREV*"))
    assert [p.name for p in found] == [f"{path.name}.PREV{n}" for n in range(len(found))]
    return [p.read_bytes() for p in found]


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
def test_the_five_last_contents_are_kept_the_newest_as_prev0(store: CifStore, tree: Tree, content_type: str) -> None:
    path = tree.file(DEP, content_type)
    contents = []
    for n in range(9):
        store.apply(_append(f"m{n}", content_type))
        contents.append(path.read_bytes())

        assert _snapshots(path) == contents[-2::-1][:5]


def test_a_status_is_written_without_a_snapshot(store: CifStore, tree: Tree) -> None:
    store.apply(_append("m0"))
    store.apply(_append("m1"))
    before = _snapshots(tree.file(DEP))

    store.apply(MarkRead(DEP, "m0"))
    store.apply(Tag(DEP, "m0", "Y", "N", "N"))

    assert _snapshots(tree.file(DEP)) == before


def test_a_program_that_writes_the_file_in_place_does_not_reach_its_snapshots(store: CifStore, tree: Tree) -> None:
    for n in range(3):
        store.apply(_append(f"m{n}"))
    before = _snapshots(tree.file(DEP))

    tree.file(DEP).write_bytes(b"overwritten")

    assert _snapshots(tree.file(DEP)) == before


@contextmanager
def _no_room() -> Iterator[None]:
    """Let the kernel refuse every write beyond 200 bytes of a file, which a lock needs and a message file exceeds."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def _refused_writes(store: CifStore, count: int) -> None:
    for _ in range(count):
        with _no_room(), pytest.raises(FileUnavailable):
            store.apply(_append("refused"))


def test_writes_go_on_once_there_is_room_again(store: CifStore) -> None:
    store.apply(_append("m0"))
    _refused_writes(store, 8)

    store.apply(_append("m1"))

    assert [m.message_id for m in store.read(DEP).correspondence.messages] == ["m0", "m1"]


def test_writes_that_fail_do_not_push_the_snapshots_out(store: CifStore, tree: Tree) -> None:
    for n in range(6):
        store.apply(_append(f"m{n}"))
    before = _snapshots(tree.file(DEP))

    _refused_writes(store, 5)

    assert set(before[:4]) <= set(_snapshots(tree.file(DEP)))


def test_after_a_write_that_failed_the_snapshots_are_still_out_of_reach_of_other_programs(
    store: CifStore, tree: Tree
) -> None:
    store.apply(_append("m0"))
    store.apply(_append("m1"))
    before = _snapshots(tree.file(DEP))
    _refused_writes(store, 1)

    tree.file(DEP).write_bytes(b"data_messages\n# \n")

    assert _snapshots(tree.file(DEP))[-1] in before
    assert b"data_messages\n# \n" not in _snapshots(tree.file(DEP))


@pytest.mark.parametrize("place", ["the same file system", "another one"])
def test_the_snapshot_of_a_file_that_is_a_link_holds_the_old_content(store: CifStore, tree: Tree, place: str) -> None:
    store.apply(_append("m0"))
    path = tree.file(DEP)
    with tempfile.TemporaryDirectory(dir=ELSEWHERE if place == "another one" else tree.root) as folder:
        shutil.move(path, folder)
        path.symlink_to(Path(folder) / path.name)
        old = path.read_bytes()

        store.apply(_append("m1"))
        store.apply(_append("m2"))

        assert path.is_symlink()
        assert [m.message_id for m in store.read(DEP).correspondence.messages] == ["m0", "m1", "m2"]
        assert _snapshots(path)[1] == old
