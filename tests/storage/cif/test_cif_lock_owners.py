"""The files that name the owners of locks: a lock is another name of one where it can be; what the dead leave is removed."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.storage.base import Observer
from service.storage.cif.lock import Locks, lock_of
from service.storage.cif.owner import Owners
from service.storage.durable import DAY

TAKER = """
import os, sys, pathlib, signal
from service.storage.cif.owner import Owners
assert Owners(pathlib.Path(sys.argv[1])).take(pathlib.Path(sys.argv[2]))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(params=["the same", "another"])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A state directory on the file system of the files, and one on another."""
    if request.param == "the same":
        yield tmp_path / "state"
        return
    directory = Path(tempfile.mkdtemp(dir="/dev/shm"))
    if directory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is one file system only")
    yield directory
    shutil.rmtree(directory)


def _taken_by_one_that_is_killed(state: Path, lock: Path) -> None:
    subprocess.run([sys.executable, "-c", TAKER, str(state), str(lock)], check=False)
    assert lock.exists()


def test_a_lock_names_its_owner_whatever_file_system_the_state_is_on(tmp_path: Path, state: Path) -> None:
    path = tmp_path / "file.cif"

    with Locks(state, 1, Observer()).held(path):
        assert lock_of(path).read_text().split()[:3] == ["messaging", os.uname().nodename, str(os.getpid())]
        assert [entry.name for entry in tmp_path.iterdir() if entry.name != "state"] == ["file.cif.lock"]

    assert not lock_of(path).exists()


def test_the_lock_of_a_killed_owner_is_broken_whatever_file_system_the_state_is_on(tmp_path: Path, state: Path) -> None:
    path = tmp_path / "file.cif"
    _taken_by_one_that_is_killed(state, lock_of(path))

    with Locks(state, 1, Observer()).held(path):
        assert str(os.getpid()) in lock_of(path).read_text()


def test_a_lock_from_before_the_host_was_started_again_is_broken_though_all_else_is_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "file.cif"
    owners = Owners(tmp_path / "state")
    assert owners.take(lock_of(path))
    *as_now, _boot = lock_of(path).read_text().split()
    lock_of(path).unlink()
    lock_of(path).write_text(f"{' '.join(as_now)} an-earlier-boot\n")

    with Locks(tmp_path / "state", 1, Observer()).held(path):
        assert "an-earlier-boot" not in lock_of(path).read_text()


def test_a_lock_is_as_old_as_it_is_held_and_not_as_its_owner(tmp_path: Path) -> None:
    state, path = tmp_path / "state", tmp_path / "file.cif"
    locks = Locks(state, 1, Observer())
    with locks.held(path):
        pass
    (own,) = (state / "owners").iterdir()
    os.utime(own, (0, 0))

    with locks.held(path):
        assert lock_of(path).stat().st_mtime > 0


def test_a_lock_that_stayed_is_as_old_as_it_is_whatever_its_thread_locks_later(tmp_path: Path) -> None:
    owners, stayed, later = Owners(tmp_path / "state"), tmp_path / "stayed.lock", tmp_path / "later.lock"
    assert owners.take(stayed)
    os.utime(stayed, (0, 0))

    assert owners.take(later)

    assert stayed.stat().st_mtime == 0
    assert later.stat().st_mtime > 0


def test_a_lock_that_was_cut_off_makes_no_later_one_nameless(tmp_path: Path) -> None:
    owners, cut, later = Owners(tmp_path / "state"), tmp_path / "cut.lock", tmp_path / "later.lock"
    assert owners.take(cut)
    cut.write_bytes(b"")
    cut.unlink()

    assert owners.take(later)

    assert later.read_text().split()[0] == "messaging"


def test_a_sweep_removes_what_the_dead_left_and_a_lock_of_theirs_is_broken_after_it(tmp_path: Path) -> None:
    state, path = tmp_path / "state", tmp_path / "file.cif"
    _taken_by_one_that_is_killed(state, lock_of(path))
    (state / "owners" / "elsewhere.1.2.3").write_text("messaging elsewhere 1 2 3\n")
    (state / "owners" / "idle.1.2.3").write_text("messaging idle 1 2 3\n")
    old = (state / "owners" / "idle.1.2.3").stat().st_mtime - DAY - 1
    os.utime(state / "owners" / "idle.1.2.3", (old, old))
    mine = tmp_path / "mine.lock"
    assert Owners(state).take(mine)

    Owners(state).sweep()

    assert sorted(p.name.partition(".")[0] for p in (state / "owners").iterdir()) == sorted(
        ["elsewhere", os.uname().nodename.partition(".")[0]]
    )
    with Locks(state, 1, Observer()).held(path):
        assert str(os.getpid()) in lock_of(path).read_text()


def test_a_lock_can_be_taken_after_its_owners_file_was_removed(tmp_path: Path) -> None:
    locks = Owners(tmp_path / "state")
    assert locks.take(tmp_path / "one.lock")
    shutil.rmtree(tmp_path / "state" / "owners")

    assert locks.take(tmp_path / "two.lock")
