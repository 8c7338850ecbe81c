"""`LockFile` among threads' own holders and forked children: who holds the lock is who may write."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from mmcif_utils.persist.LockFile import LockFile as UpstreamLockFile
from mmcif_utils.persist.LockFile import LockFileTimeoutException as UpstreamTimeout
from support.forked import in_processes

from service.legacy import LockFile, LockFileTimeoutException, PdbxMessageIo


@pytest.fixture
def path(site: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in site.environ("cif-only").items():
        monkeypatch.setenv(name, value)
    PdbxMessageIo()  # the first program starts the site
    found: Path = site.file("D_1000000001")
    found.parent.mkdir()
    return str(found)


def is_kept_out(kind: Any, timeout: type[Exception], path: str) -> bool:
    try:
        with kind(path, 0.3):
            return False
    except timeout:
        return True


@pytest.mark.parametrize(
    ("kind", "timeout"),
    [(UpstreamLockFile, UpstreamTimeout), (LockFile, LockFileTimeoutException)],
    ids=["upstream", "ours"],
)
def test_a_forked_child_is_kept_out_by_the_lock_of_its_parent(kind: Any, timeout: type[Exception], path: str) -> None:
    with kind(path):
        assert in_processes([lambda: is_kept_out(kind, timeout, path)]) == [True]
        assert Path(f"{path}.lock").exists()
    assert in_processes([lambda: is_kept_out(kind, timeout, path)]) == [False]


@contextmanager
def forked_child(work: Callable[[], None]) -> Iterator[None]:
    """Have a child that has done a work and lives on."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            work()
        finally:
            os.close(writer)
            signal.pause()
    os.close(writer)
    try:
        os.read(reader, 1)
        yield
    finally:
        os.close(reader)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_a_child_that_leaves_the_block_of_its_parent_takes_nothing_from_it(path: str) -> None:
    lock = LockFile(path)
    lock.acquire()
    with forked_child(lock.release):
        assert Path(f"{path}.lock").exists()
    lock.release()
    assert not Path(f"{path}.lock").exists()


def test_a_child_that_lives_on_keeps_nobody_from_the_deposition(path: str) -> None:
    lock = LockFile(path)
    lock.acquire()
    with forked_child(lambda: None):
        lock.release()
        assert in_processes([lambda: is_kept_out(LockFile, LockFileTimeoutException, path)]) == [False]


def test_the_lock_of_two_holders_in_a_thread_goes_with_the_last_one(path: str) -> None:
    first, second = LockFile(path), LockFile(path)
    first.acquire()
    second.acquire()
    first.release()
    assert in_processes([lambda: is_kept_out(LockFile, LockFileTimeoutException, path)]) == [True]
    second.release()
    assert not Path(f"{path}.lock").exists()
