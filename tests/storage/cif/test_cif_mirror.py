"""The depositors' mirror follows the to-depositor file; a copy that was missed is made again."""

from pathlib import Path

import pytest
from support.command import msgmodule
from support.forked import killed
from support.site import PROFILES
from support.site import Site as Tree

from service.changes import AppendMessage, MarkRead
from service.messages import Message
from service.storage.base import Observer
from service.storage.cif.lock import Locks
from service.storage.cif.mirror import Mirror
from service.storage.cif.paths import Site
from service.storage.cif.store import CifStore
from service.vocabulary import FROM_DEPOSITOR, NOTES, TO_DEPOSITOR

DEP = "D_1000000001"
GROUP = "G_1002003"


class Listener(Observer):
    """Keep what is reported about the mirror."""

    def __init__(self) -> None:
        self.failed: list[str] = []

    def mirror_failed(self, path: str) -> None:
        self.failed.append(path)


def _append(message_id: str, content_type: str = TO_DEPOSITOR, dep: str = DEP) -> AppendMessage:
    text = f"text of {message_id}"
    return AppendMessage(dep, Message(content_type, None, message_id, dep, "2026-01-02 03:04:05", message_text=text))


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def store(tree: Tree, listener: Listener) -> CifStore:
    return CifStore(Site(tree.root / "data"), Locks(tree.root / "state", 1, listener), create=True, observer=listener)


def _mirror(tree: Tree, dep: str = DEP) -> Path:
    directory = tree.root / "data" / "deposit" / dep
    directory.mkdir()
    return directory / f"{dep}_messages-to-depositor_P1.cif.V1"


def test_the_mirror_is_the_whole_to_depositor_file_after_every_message(store: CifStore, tree: Tree) -> None:
    mirror = _mirror(tree)
    for n in range(3):
        store.apply(_append(f"m{n}"))
        store.apply(MarkRead(DEP, f"m{n}"))
    store.apply(_append("last"))

    assert mirror.read_bytes() == tree.file(DEP).read_bytes()
    assert list(mirror.parent.iterdir()) == [mirror]


@pytest.mark.parametrize("content_type", [FROM_DEPOSITOR, NOTES])
def test_no_other_file_is_ever_mirrored(store: CifStore, tree: Tree, content_type: str) -> None:
    mirror = _mirror(tree)

    store.apply(_append("m0", content_type))

    assert list(mirror.parent.iterdir()) == []


def test_a_status_leaves_the_mirror_as_it_was(store: CifStore, tree: Tree) -> None:
    mirror = _mirror(tree)
    store.apply(_append("m0"))
    before = mirror.read_bytes()

    store.apply(MarkRead(DEP, "m0"))

    assert mirror.read_bytes() == before != tree.file(DEP).read_bytes()


def test_a_missing_deposit_directory_is_no_fault_and_is_not_made(store: CifStore, tree: Tree, listener: Listener) -> None:
    store.apply(_append("m0"))

    assert not (tree.root / "data" / "deposit" / DEP).exists()
    assert listener.failed == []


def test_a_mirror_that_cannot_be_written_is_reported_and_the_message_is_kept(
    store: CifStore, tree: Tree, listener: Listener
) -> None:
    mirror = _mirror(tree)
    mirror.mkdir()

    store.apply(_append("m0"))

    assert [m.message_id for m in store.read(DEP).correspondence.messages] == ["m0"]
    assert len(listener.failed) == 1
    assert str(mirror) in listener.failed[0]
    assert list(mirror.parent.iterdir()) == [mirror], "a temporary file is left for the depositors to see"


def test_a_group_is_written_in_autogroup_and_never_mirrored(store: CifStore, tree: Tree) -> None:
    mirror = _mirror(tree, GROUP)

    store.apply(_append("m0", dep=GROUP))
    store.apply(MarkRead(GROUP, "m0"))

    path = tree.root / "data" / "autogroup" / GROUP / f"{GROUP}_messages-to-depositor_P1.cif.V1"
    assert b"m0" in path.read_bytes()
    assert list(mirror.parent.iterdir()) == []
    assert not (tree.archive / GROUP).exists()


@pytest.mark.parametrize("profile", PROFILES[:3])
def test_a_copy_that_failed_is_trouble_until_a_reconcile_has_made_it(site: Tree, profile: str) -> None:
    mirror = _mirror(site)
    site.app(profile)
    mirror.mkdir()
    found = site.services(profile)
    found.stores.chain(found.settings.profile).apply(_append("m0"))
    assert f"{DEP}; mend the folder" in msgmodule(site, "troubleshoot", profile=profile).stdout
    failed = msgmodule(site, "reconcile", "--all", profile=profile)
    assert (failed.returncode, str(mirror) in failed.stderr) == (1, True)

    mirror.rmdir()
    assert msgmodule(site, "reconcile", "--all", profile=profile).returncode == 0
    assert mirror.read_bytes() == site.file(DEP).read_bytes()
    done = msgmodule(site, "troubleshoot", profile=profile)
    assert done.returncode == 0, done.stdout


def test_a_copy_that_was_missed_is_forgotten_with_its_deposition(store: CifStore, tree: Tree) -> None:
    mirror = _mirror(tree)
    mirror.mkdir()
    store.apply(_append("m0"))
    tree.file(DEP).parent.rename(tree.root / "removed")

    assert list(store.mirror_again()) == []
    assert store.mirror.missed() == []


def test_a_repeat_makes_the_copy_that_its_first_try_did_not_come_to(store: CifStore, tree: Tree) -> None:
    mirror = _mirror(tree)
    killed(lambda: store.apply(_append("m0")), Mirror, "follow")
    assert not mirror.exists()

    store.apply(_append("m0"))

    assert mirror.read_bytes() == tree.file(DEP).read_bytes()
