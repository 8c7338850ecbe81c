"""A tree that is not there is unavailable and never an empty archive; the probe of one that is there leaves nothing."""

from pathlib import Path

import pytest
from support.site import make_site

from service.changes import AppendMessage
from service.errors import FileUnavailable
from service.messages import Message
from service.storage.base import Observer
from service.storage.cif.lock import Locks
from service.storage.cif.paths import Site
from service.storage.cif.store import CifStore
from service.vocabulary import TO_DEPOSITOR


def _store(cif_root: Path, state: Path) -> CifStore:
    return CifStore(Site(cif_root), Locks(state, 1, Observer()), create=True, observer=Observer())


@pytest.mark.parametrize("dep", ["D_1000000001", "G_1002003"])
def test_a_tree_that_is_not_mounted_is_unavailable_for_reading_writing_and_listing(tmp_path: Path, dep: str) -> None:
    store = _store(tmp_path / "not-mounted", tmp_path / "state")
    change = AppendMessage(dep, Message(TO_DEPOSITOR, None, "m1", dep, "2026-01-02 03:04:05"))

    for use in (lambda: store.read(dep), lambda: store.apply(change), lambda: list(store.site.depositions())):
        with pytest.raises(FileUnavailable, match="not-mounted"):
            use()
    assert not store.is_ready()
    assert not (tmp_path / "not-mounted").exists()


def test_the_probe_of_a_tree_that_is_not_mounted_fails_and_does_not_make_the_tree(tmp_path: Path) -> None:
    store = _store(tmp_path / "not-mounted", tmp_path / "state")

    with pytest.raises(FileUnavailable, match="not-mounted"):
        store.probe()
    assert not (tmp_path / "not-mounted").exists()
    with pytest.raises(FileUnavailable):
        store.read("D_1000000001")


def test_the_probe_writes_and_leaves_nothing(tmp_path: Path) -> None:
    tree = make_site(tmp_path, "", legacy=True)
    before = tree.files()

    assert _store(tree.root / "data", tree.root / "state").probe() == {"cif": "ok"}
    assert tree.files() == before
