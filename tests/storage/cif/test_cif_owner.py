"""Where several programs share the files through their group, ours may write what another one owns."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import legacy
from support.site import Site as Tree
from support.site import make_site

from service.changes import AppendMessage
from service.errors import FileUnavailable
from service.messages import Message
from service.storage.base import Observer
from service.storage.cif.lock import Locks, lock_of
from service.storage.cif.paths import Site
from service.storage.cif.store import CifStore
from service.vocabulary import TO_DEPOSITOR

DEP = "D_1000000001"
LEGACY_USER, OUR_USER, GROUP = 54321, 54322, 54320
UNAVAILABLE = 7


def _append(message_id: str) -> AppendMessage:
    return AppendMessage(DEP, Message(TO_DEPOSITOR, None, message_id, DEP, "2026-01-02 03:04:05", message_text="text"))


def _store(tree: Tree) -> CifStore:
    return CifStore(Site(tree.root / "data"), Locks(tree.root / "state", 1, Observer()), create=True, observer=Observer())


@pytest.fixture
def shared() -> Iterator[Tree]:
    """A tree that a legacy user owns and a group may write, where any user can reach it."""
    if os.getuid() != 0:
        pytest.skip("only root can play two users")
    directory = Path(tempfile.mkdtemp())
    directory.chmod(0o755)
    tree = make_site(directory, "")
    _store(tree).apply(_append("m0"))
    shutil.rmtree(directory / "state")  # the state directory is the service's own, not root's
    (directory / "state").mkdir()
    os.chown(directory / "state", OUR_USER, GROUP)
    for path in (tree.archive / DEP, tree.file(DEP)):
        os.chown(path, LEGACY_USER, GROUP)
        path.chmod(0o2775 if path.is_dir() else 0o664)
    yield tree
    shutil.rmtree(directory)


def _as_our_user(tree: Tree, message_id: str) -> int:
    """Append as a user that owns nothing but is in the group; give the exit status."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.setgroups([GROUP])
            os.setgid(GROUP)
            os.setuid(OUR_USER)
            _store(tree).apply(_append(message_id))
            status = 0
        except FileUnavailable:
            status = UNAVAILABLE
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_a_file_of_another_user_that_the_group_may_write_takes_our_message(shared: Tree) -> None:
    assert shared.file(DEP).stat().st_uid == LEGACY_USER

    assert _as_our_user(shared, "m1") == 0

    assert [r["message_id"] for r in legacy.rows(shared.file(DEP))] == ["m0", "m1"]


def test_the_other_user_may_go_on_writing_the_file_after_us(shared: Tree) -> None:
    assert _as_our_user(shared, "m1") == 0

    after = shared.file(DEP).stat()
    assert after.st_gid == GROUP
    assert after.st_mode & 0o777 == 0o664


def test_a_file_that_may_not_be_written_at_all_stays_as_it_is(shared: Tree) -> None:
    (shared.archive / DEP).chmod(0o755)
    before = shared.files()

    assert _as_our_user(shared, "m1") == UNAVAILABLE
    assert shared.files() == before


@pytest.mark.parametrize(("mode", "status"), [(0o666, 0), (0o606, 0), (0o664, UNAVAILABLE), (0o640, UNAVAILABLE)])
def test_a_group_that_is_not_ours_to_give_is_let_go_only_where_it_takes_nothing_from_its_members(
    shared: Tree, mode: int, status: int
) -> None:
    path, stranger = shared.file(DEP), GROUP + 9
    os.chown(path, LEGACY_USER, stranger)
    os.chown(path.parent, LEGACY_USER, GROUP)
    path.parent.chmod(0o775)
    path.chmod(mode)
    if mode == 0o640:
        os.chown(path, OUR_USER, stranger)
    before = shared.files()

    assert _as_our_user(shared, "m1") == status

    assert path.stat().st_mode & 0o777 == mode
    if status:
        assert shared.files() == before


def test_a_lock_that_we_may_not_read_is_another_programs(shared: Tree) -> None:
    lock = lock_of(shared.file(DEP))
    lock.touch(0o600)
    os.chown(lock, LEGACY_USER, GROUP)

    assert _as_our_user(shared, "m1") == UNAVAILABLE
    assert lock.exists()
    lock.unlink()
    assert _as_our_user(shared, "m1") == 0
