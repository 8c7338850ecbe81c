"""The lock shared with the legacy programs: theirs is waited for and never broken, one of a dead process of ours is."""

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from support import legacy
from support.site import Site as Tree
from support.site import make_site

from service.changes import AppendMessage
from service.errors import FileUnavailable
from service.messages import Message
from service.processes import boot
from service.storage.base import Observer
from service.storage.cif.lock import Locks
from service.storage.cif.paths import Site
from service.storage.cif.store import CifStore
from service.vocabulary import TO_DEPOSITOR

DEP = "D_1000000001"
ROOT = Path(__file__).parents[3]

HOLDER = """
import sys, pathlib
from service.processes import boot
from service.storage.base import Observer
from service.storage.cif.lock import Locks
with Locks(pathlib.Path(sys.argv[2]), 5, Observer()).held(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""
CONTENDER = """
import sys, pathlib
from service.errors import FileUnavailable
from service.processes import boot
from service.storage.base import Observer
from service.storage.cif.lock import Locks
try:
    with Locks(pathlib.Path(sys.argv[2]), 0.2, Observer()).held(pathlib.Path(sys.argv[1])):
        print("held")
except FileUnavailable:
    print("FileUnavailable")
"""
APPENDER = """
import sys, pathlib
from service.changes import AppendMessage
from service.messages import Message
from service.processes import boot
from service.storage.base import Observer
from service.storage.cif.lock import Locks
from service.storage.cif.paths import Site
from service.storage.cif.store import CifStore
root = pathlib.Path(sys.argv[1])
locks = Locks(root.parent / "state", 30, Observer())
store = CifStore(Site(root), locks, create=True, observer=Observer())
for n in range(25):
    key = f"{sys.argv[2]}-{n}"
    message = Message("messages-to-depositor", None, key, "D_1000000001", "2026-01-02 03:04:05", message_text=f"a\\n{key}")
    store.apply(AppendMessage("D_1000000001", message))
"""


def _process(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def _append(message_id: str) -> AppendMessage:
    return AppendMessage(DEP, Message(TO_DEPOSITOR, None, message_id, DEP, "2026-01-02 03:04:05", message_text="text"))


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    made = make_site(tmp_path, "")
    (made.archive / DEP).mkdir()
    return made


@pytest.fixture
def lock(tree: Tree) -> Path:
    return Path(f"{tree.file(DEP)}.lock")


def _locks(tree: Tree, timeout: float) -> Locks:
    return Locks(tree.root / "state", timeout, Observer())


def _store(tree: Tree, timeout: float) -> CifStore:
    return CifStore(Site(tree.root / "data"), _locks(tree, timeout), create=True, observer=Observer())


def _take_as_legacy(lock: Path) -> None:
    os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_RDWR))


def test_the_lock_of_a_legacy_program_is_waited_for_reported_and_never_removed(tree: Tree, lock: Path) -> None:
    _take_as_legacy(lock)
    os.utime(lock, (1, 1))

    with pytest.raises(FileUnavailable) as refused:
        _store(tree, 0.2).apply(_append("m1"))

    assert str(lock) in refused.value.message
    assert refused.value.details["lock"] == str(lock)
    assert lock.read_bytes() == b""
    assert not tree.file(DEP).exists()


@pytest.mark.parametrize("content", [b"held by DepUI on host7\n", b"1234\n"])
def test_a_lock_that_another_program_wrote_something_into_is_not_broken_either(
    tree: Tree, lock: Path, content: bytes
) -> None:
    lock.write_bytes(content)

    with pytest.raises(FileUnavailable, match="lock"):
        _store(tree, 2.5).apply(_append("m1"))
    assert lock.read_bytes() == content


def test_a_lock_of_a_process_on_another_host_is_not_broken(tree: Tree, lock: Path) -> None:
    lock.write_text("999999\nanother-host\n")

    with pytest.raises(FileUnavailable):
        _store(tree, 0.2).apply(_append("m1"))
    assert lock.read_text() == "999999\nanother-host\n"


def test_a_change_is_made_as_soon_as_the_legacy_program_lets_go(tree: Tree, lock: Path) -> None:
    _take_as_legacy(lock)
    done = threading.Event()

    class Listener(Observer):
        def operation(self, *_: object) -> None:
            done.set()

    store = CifStore(Site(tree.root / "data"), Locks(tree.root / "state", 20, Listener()), create=True, observer=Listener())
    writer = threading.Thread(target=store.apply, args=(_append("m1"),))
    writer.start()
    assert not done.wait(0.1), "the change was made under the lock of another program"
    lock.unlink()
    writer.join()

    assert [r["message_id"] for r in legacy.rows(tree.file(DEP))] == ["m1"]
    assert not lock.exists()


def test_a_legacy_program_finds_our_lock_while_we_hold_it(tree: Tree, lock: Path) -> None:
    with _locks(tree, 1).held(tree.file(DEP)), pytest.raises(FileExistsError):
        _take_as_legacy(lock)
    assert not lock.exists()


@pytest.mark.parametrize("state", ["state", "state-of-another-host"])
def test_a_lock_of_a_living_process_of_ours_is_waited_for_no_longer_than_is_set(tree: Tree, lock: Path, state: str) -> None:
    with _process(HOLDER, str(tree.file(DEP)), str(tree.root / "state")) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        contender = _process(CONTENDER, str(tree.file(DEP)), str(tree.root / state))
        try:
            answer, _ = contender.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            contender.kill()
            contender.communicate()
            answer = "still waiting after 5 s"
        assert str(holder.pid) in lock.read_text(), "the lock does not say who holds it"
    assert answer == "FileUnavailable\n"
    assert not lock.exists()


def test_a_lock_left_by_a_killed_process_of_ours_is_removed(tree: Tree, lock: Path) -> None:
    with _process(HOLDER, str(tree.file(DEP)), str(tree.root / "state")) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        holder.send_signal(signal.SIGKILL)
    assert lock.exists()

    _store(tree, 5).apply(_append("m1"))

    assert not lock.exists()
    assert [r["message_id"] for r in legacy.rows(tree.file(DEP))] == ["m1"]


def test_two_processes_that_append_at_once_lose_no_message(tree: Tree) -> None:
    writers = [_process(APPENDER, str(tree.root / "data"), name) for name in ("one", "two")]
    for writer in writers:
        writer.communicate()
    assert [writer.returncode for writer in writers] == [0, 0]

    found = legacy.rows(tree.file(DEP))
    assert {r["message_id"] for r in found} == {f"{name}-{n}" for name in ("one", "two") for n in range(25)}
    assert [r["ordinal_id"] for r in found] == [str(n) for n in range(1, 51)]
    leftovers = {p.name for p in (tree.archive / DEP).iterdir() if ".PREV" not in p.name}
    assert leftovers == {tree.file(DEP).name}


def test_two_threads_of_a_process_take_turns_too(tree: Tree) -> None:
    store = _store(tree, 30)
    writers = [
        threading.Thread(target=lambda name=name: [store.apply(_append(f"{name}-{n}")) for n in range(15)]) for name in "ab"
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert len(store.read(DEP).correspondence.messages) == 30


def test_a_file_in_a_directory_that_is_gone_cannot_be_locked_and_the_directory_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(FileUnavailable, match="gone"), Locks(tmp_path, 1, Observer()).held(tmp_path / "gone" / "file.cif"):
        pytest.fail("there is nothing to lock")
    assert not (tmp_path / "gone").exists()


def test_the_lock_is_given_up_when_the_change_fails(tree: Tree, lock: Path) -> None:
    with pytest.raises(RuntimeError), _locks(tree, 1).held(tree.file(DEP)):
        raise RuntimeError
    assert not lock.exists()


def test_a_process_that_goes_while_it_is_looked_at_is_gone(tree: Tree, lock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock.write_text(f"messaging {socket.gethostname()} 999999 1 {boot()}\n")
    read_text = Path.read_text

    def going(path: Path, *given: str, **more: str) -> str:
        if path == Path("/proc/999999/stat"):
            raise ProcessLookupError
        return read_text(path, *given, **more)

    monkeypatch.setattr(Path, "read_text", going)

    _store(tree, 1).apply(_append("m1"))

    assert not lock.exists()
