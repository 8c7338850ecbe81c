"""A reader never gives a torn or empty answer while a legacy program rewrites the file in place."""

import itertools
import os
from contextlib import suppress
from pathlib import Path

import pytest
from support import legacy
from support.site import Site as Tree
from support.site import make_site

from service.errors import FileUnavailable
from service.storage.base import Observer
from service.storage.cif.lock import Locks
from service.storage.cif.paths import Site
from service.storage.cif.store import CifStore


def _store(tree: Tree) -> CifStore:
    return CifStore(Site(tree.root / "data"), Locks(tree.root / "state", 5, Observer()), create=True, observer=Observer())


def _half_written(path: Path, whole: bytes, size: int) -> None:
    """Leave a file as a legacy program that is just writing it in place does, its lock included."""
    Path(f"{path}.lock").touch()
    path.write_bytes(whole[:size])


def _cuts(whole: bytes) -> dict[str, int]:
    closing = [n + 3 for n in range(len(whole)) if whole.startswith(b"# \n", n)]
    return {"nothing": 0, "block name": 14, "header": 17, "first category": closing[1], "middle": len(whole) // 2}


@pytest.mark.parametrize("cut", ["nothing", "block name", "header", "first category", "middle"])
def test_a_reader_waits_for_a_legacy_program_that_is_just_writing_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    tree = make_site(tmp_path, "", legacy=True)
    path = tree.file("D_0000265933")
    wanted = _store(tree).read("D_0000265933").correspondence
    whole = path.read_bytes()
    _half_written(path, whole, _cuts(whole)[cut])

    def finish(_: float) -> None:
        path.write_bytes(whole)
        Path(f"{path}.lock").unlink(missing_ok=True)

    monkeypatch.setattr("time.sleep", finish)

    assert _store(tree).read("D_0000265933").correspondence == wanted


@pytest.mark.parametrize("part", [0, 0.5])
def test_a_file_that_is_just_written_without_a_lock_is_neither_empty_nor_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: float
) -> None:
    tree = make_site(tmp_path, "", legacy=True)
    path, store = tree.file("D_0000265933"), _store(tree)
    wanted = store.read("D_0000265933").correspondence
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * part)])
    monkeypatch.setattr("time.sleep", lambda _: path.write_bytes(whole))

    assert store.read("D_0000265933").correspondence == wanted


def _rewriting(path: Path, times: int) -> tuple[int, int]:
    """Let a legacy program rewrite a file under the lock; give its pid and a pipe that tells each time."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        return pid, reader
    message_io = legacy.opened(path)
    for _ in range(times):
        descriptor = os.open(f"{path}.lock", os.O_CREAT | os.O_EXCL | os.O_RDWR)
        message_io.write(str(path))
        os.close(descriptor)
        Path(f"{path}.lock").unlink()
        os.write(writer, b".")
    os._exit(0)


def test_a_file_rewritten_in_place_all_the_time_is_never_read_torn_or_empty(tmp_path: Path) -> None:
    tree = make_site(tmp_path, "", legacy=True)
    path, store = tree.file("D_0000265933"), _store(tree)
    wanted = store.read("D_0000265933").correspondence

    pid, reader = _rewriting(path, 150)
    answers = 0
    while os.read(reader, 1):
        with suppress(FileUnavailable):
            assert store.read("D_0000265933").correspondence == wanted
            answers += 1
    os.close(reader)

    assert os.waitpid(pid, 0)[1] == 0
    assert answers > 100


def test_a_file_that_grows_while_it_is_read_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = make_site(tmp_path, "", legacy=True)
    path = tree.file("D_0000265933")
    wanted = _store(tree).read("D_0000265933").correspondence
    whole, real, looks = path.read_bytes(), os.fstat, itertools.count(1)
    path.write_bytes(whole[: _cuts(whole)["first category"]])
    os.utime(path, (1_700_000_000, 1_700_000_000))

    def growing(descriptor: int) -> os.stat_result:
        if next(looks) == 2:  # behind the bytes, before the second look at them
            path.write_bytes(whole)
        return real(descriptor)

    monkeypatch.setattr(os, "fstat", growing)

    assert _store(tree).read("D_0000265933").correspondence == wanted


def test_a_reader_outlasts_a_burst_of_changes_that_is_over_in_a_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = make_site(tmp_path, "", legacy=True)
    path = tree.file("D_0000265933")
    wanted = _store(tree).read("D_0000265933").correspondence
    looks, begun = itertools.count(1), path.stat().st_mtime_ns
    real = os.fstat

    def changing(descriptor: int) -> os.stat_result:
        found, look = real(descriptor), next(looks)
        if look < 20:
            os.utime(path, ns=(begun + look, begun + look))
        return found

    monkeypatch.setattr(os, "fstat", changing)

    assert _store(tree).read("D_0000265933").correspondence == wanted
