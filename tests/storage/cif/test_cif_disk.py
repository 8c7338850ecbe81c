"""On a full or read-only disk an error names the file, the old bytes stay, and nothing is left beside them."""

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.disk import mount
from support.dual import first_call
from support.power import recorded
from support.site import DEPOSITION, LEGACY, make_site
from support.site import Site as Tree

from service.changes import AppendMessage, Change, MarkRead
from service.errors import FileUnavailable
from service.messages import Message
from service.storage.base import Observer
from service.storage.cif import files
from service.storage.cif.lock import Locks
from service.storage.cif.paths import Site
from service.storage.cif.store import CifStore
from service.vocabulary import FROM_DEPOSITOR, TO_DEPOSITOR

DEP = "D_1000000001"


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB, mounted where the tree of a site will be."""
    (tmp_path / "data").mkdir()
    mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path / "data"))
    yield tmp_path / "data"
    subprocess.run(["umount", "--lazy", str(tmp_path / "data")], check=True)


def _store(root: Path) -> CifStore:
    return CifStore(Site(root), Locks(root.parent / "state", 1, Observer()), create=True, observer=Observer())


def _fresh(root: Path) -> CifStore:
    for folder in ("archive", "deposit", "autogroup"):
        (root / folder).mkdir(exist_ok=True)
    return _store(root)


def _append(message_id: str, size: int, dep: str = DEP) -> AppendMessage:
    message = Message(TO_DEPOSITOR, None, message_id, dep, "2026-01-02 03:04:05", message_text="x" * size)
    return AppendMessage(dep, message)


def _files(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def _without_snapshots(root: Path) -> dict[str, bytes]:
    return {name: data for name, data in _files(root).items() if ".PREV" not in name}


def test_a_full_disk_is_an_error_naming_the_file_and_loses_nothing(small: Path) -> None:
    store = _fresh(small)
    store.apply(_append("m0", 20_000))
    before = _without_snapshots(small)

    for n in range(3):
        with pytest.raises(FileUnavailable) as refused:
            store.apply(_append(f"big-{n}", 40_000))
        assert f"{DEP}_messages-to-depositor_P1.cif.V1: No space left on device" in refused.value.message
        assert _without_snapshots(small) == before
    assert [m.message_id for m in store.read(DEP).correspondence.messages] == ["m0"]


def test_after_many_refusals_on_a_full_disk_writing_goes_on_when_there_is_space(small: Path) -> None:
    store = _fresh(small)
    store.apply(_append("m0", 10_000))
    (small / "filler").write_bytes(bytes(44_000))
    for n in range(7):
        with pytest.raises(FileUnavailable):
            store.apply(_append(f"m-{n}", 10_000))
    (small / "filler").unlink()

    store.apply(_append("m1", 1_000))

    assert [m.message_id for m in store.read(DEP).correspondence.messages] == ["m0", "m1"]


def test_a_disk_with_no_room_even_for_the_lock_is_an_error_naming_the_file(small: Path) -> None:
    store = _fresh(small)
    store.apply(_append("m0", 1_000))
    with pytest.raises(OSError, match="No space"):
        (small / "filler").write_bytes(bytes(65536))
    before = _without_snapshots(small)

    with pytest.raises(FileUnavailable, match="messages-to-depositor"):
        store.apply(_append("m1", 10))

    assert _without_snapshots(small) == before
    assert not list(small.rglob("*.lock"))


def test_a_deposition_that_a_full_disk_does_not_let_begin_is_not_there(small: Path) -> None:
    store = _fresh(small)

    with pytest.raises(FileUnavailable, match="No space"):
        store.apply(_append("m1", 70_000))

    assert not (small / "archive" / DEP).exists()
    store.apply(_append("m1", 10))
    assert [m.message_id for m in store.read(DEP).correspondence.messages] == ["m1"]


def test_a_directory_into_which_another_program_wrote_meanwhile_stays(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, other = _fresh(small), small / "archive" / DEP / "model.cif"
    first_call(files, "replace", monkeypatch, lambda: other.write_text("data_model"))

    with pytest.raises(FileUnavailable, match="No space"):
        store.apply(_append("m1", 70_000))

    assert other.read_text() == "data_model"


@pytest.fixture
def read_only(small: Path) -> Path:
    """The real files on a read-only mount, as an analysis host has them."""
    _fresh(small)
    shutil.copytree(LEGACY / "archive" / DEPOSITION, small / "archive" / DEPOSITION)
    mount("-o", "remount,ro", str(small))
    return small


@pytest.mark.parametrize("change", [_append("m1", 10), _append("m1", 10, DEPOSITION), MarkRead(DEPOSITION, "first")])
def test_a_read_only_mount_is_an_error_naming_the_file(read_only: Path, change: Change) -> None:
    store, before = _store(read_only), _files(read_only)

    with pytest.raises(FileUnavailable) as refused:
        store.apply(change)

    assert "Read-only file system" in refused.value.message
    assert change.deposition_data_set_id in refused.value.message
    assert _files(read_only) == before


def test_reading_needs_no_permission_to_write(read_only: Path) -> None:
    store = _store(read_only)

    assert len(store.read(DEPOSITION).correspondence.section(TO_DEPOSITOR).messages) == 6
    assert len(store.read(DEPOSITION).correspondence.section(FROM_DEPOSITOR).messages) == 1
    with pytest.raises(FileUnavailable, match="Read-only"):
        store.probe()


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return make_site(tmp_path, "", legacy=True)


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o666, 0o2664])
def test_a_file_keeps_its_mode_and_owner_when_it_is_replaced(tree: Tree, mode: int) -> None:
    path = tree.file(DEPOSITION)
    if os.getuid() == 0:
        os.chown(path, 12345, 54321)
    path.chmod(mode)
    before = path.stat()

    _store(tree.root / "data").apply(_append("m1", 10, DEPOSITION))

    after = path.stat()
    assert after.st_ino != before.st_ino
    assert (stat.S_IMODE(after.st_mode), after.st_uid, after.st_gid) == (mode, before.st_uid, before.st_gid)


def test_content_reaches_the_disk_before_the_name_and_the_name_before_the_answer(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = f".{tree.file(DEPOSITION).name}.tmp"
    steps = recorded(monkeypatch)

    _store(tree.root / "data").apply(_append("m1", 10, DEPOSITION))

    of_file = [step for step in steps if step[1] in {temporary, DEPOSITION}]
    assert of_file == [("sync", temporary), ("rename", temporary), ("sync", DEPOSITION)]


def test_the_directory_of_a_new_deposition_is_durable_before_its_first_message_is(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = recorded(monkeypatch)

    _store(tree.root / "data").apply(_append("m1", 10))

    assert steps[0] == ("sync", "archive")
    assert steps[-1] == ("sync", DEP)


def test_a_temporary_file_left_by_a_crash_is_overwritten(tree: Tree) -> None:
    path = tree.file(DEPOSITION)
    left = path.with_name(f".{path.name}.tmp")
    left.write_bytes(b"half a f")

    _store(tree.root / "data").apply(_append("m1", 10, DEPOSITION))

    assert not left.exists()
    assert path.read_bytes().endswith(b"# \n")
