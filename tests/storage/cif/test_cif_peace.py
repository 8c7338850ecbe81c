"""Several writers of ours and of the legacy programs at one deposition: nobody's acknowledged message is lost."""

import io
import itertools
import re
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
from mmcif_utils.message.PdbxMessageIo import PdbxMessageIo
from support import legacy
from support.forked import in_processes
from support.site import DUAL, make_site
from support.site import Site as Tree
from torture_cif import torture

from service.changes import AppendMessage
from service.errors import FileUnavailable
from service.messages import Message
from service.storage.base import Observer
from service.storage.cif.lock import Locks, lock_of
from service.storage.cif.paths import Site
from service.storage.cif.store import CifStore
from service.vocabulary import TO_DEPOSITOR

T = TypeVar("T")
DEP = "D_1000000001"
EACH = 25
PATIENCE = 1000


def _append(key: str) -> AppendMessage:
    return AppendMessage(DEP, Message(TO_DEPOSITOR, None, key, DEP, "2026-01-02 03:04:05", message_text=f"x\n{key}" * 50))


def _ours(tree: Tree, name: str) -> list[float]:
    """Append through the store; give the seconds that each took."""
    store = CifStore(Site(tree.root / "data"), Locks(tree.root / "state", 30, Observer()), create=True, observer=Observer())
    took = []
    for n in range(EACH):
        begun = time.perf_counter()
        store.apply(_append(f"{name}-{n}"))
        took.append(time.perf_counter() - begun)
    return took


def test_eight_writers_of_one_file_lose_nothing_and_take_turns(tmp_path: Path) -> None:
    tree = make_site(tmp_path, "")
    took = sorted(itertools.chain.from_iterable(in_processes([partial(_ours, tree, f"w{n}") for n in range(8)])))

    assert {r["message_id"] for r in legacy.rows(tree.file(DEP))} == {f"w{w}-{n}" for w in range(8) for n in range(EACH)}
    assert took[len(took) * 95 // 100] <= 10 * took[len(took) // 2]


def test_fifty_killed_writers_lose_no_acknowledged_message(tmp_path: Path) -> None:
    assert torture(tmp_path, kills=50, seed=1) >= 50


def _chain_writer(tree: Tree, profile: str, name: str) -> set[str | None]:
    """Append through the chain and read after each; give every id that any answer held, but for those that say of
    themselves that nobody could verify them, where the database kept a reader waiting for too long."""
    found = tree.services(profile, MSGMODULE_LOCK_TIMEOUT="30")
    chain = found.stores.chain(found.settings.profile)
    ids: set[str | None] = set()
    for n in range(EACH):
        _until_taken(partial(chain.apply, _append(f"{name}-{n}")))
        answer = _until_taken(partial(chain.read, DEP))
        if not answer.unverified:
            ids |= {m.message_id for m in answer.correspondence.messages}
    return ids


def _until_taken(request: Callable[[], T]) -> T:
    """Ask until there is an answer, as a client does that is told to try again."""
    for _ in range(PATIENCE):
        with suppress(FileUnavailable):
            return request()
    pytest.fail("it was never answered")


def _legacy_writer(path: Path, name: str, pause: float) -> set[str | None]:
    """Read under the lock, think, write under a second lock, as the legacy programs do (reference section 6).

    Nobody answers it, so it has seen no id.
    """
    for n in range(EACH):
        message_io = PdbxMessageIo(verbose=False, log=io.StringIO())
        _locked(path, lambda m=message_io: m.read(str(path)))
        time.sleep(pause)  # the annotator thinks; this is the race itself
        row: dict[str, str | int | None] = {
            "message_id": f"{name}-{n}",
            "message_text": "legacy",
            "deposition_data_set_id": DEP,
        }
        row |= {"ordinal_id": str(message_io.nextMessageOrdinal()), "timestamp": "2026-01-02 03:04:05"}
        message_io.appendMessage(row)
        _locked(path, lambda m=message_io: m.write(str(path)))
    return set()


def _locked(path: Path, work: Any) -> None:
    lock = lock_of(path)
    for _ in range(100 * PATIENCE):
        try:
            lock.open("x").close()
            break
        except FileExistsError:
            time.sleep(0.002)
    else:
        pytest.fail(f"{lock} was never free")
    work()
    lock.unlink()


@pytest.mark.parametrize("profile", DUAL)
def test_legacy_writers_beside_ours_erase_nothing_for_good(tmp_path: Path, profile: str) -> None:
    tree = make_site(tmp_path, f"sqlite:///{tmp_path}/messages.db")
    tree.initialise()
    found = tree.services(profile)
    chain = found.stores.chain(found.settings.profile)
    chain.apply(_append("first"))
    ours = [partial(_chain_writer, tree, profile, f"ours{n}") for n in range(4)]
    theirs = [partial(_legacy_writer, tree.file(DEP), f"legacy{n}", 0.05) for n in range(4)]
    answered = set().union(*in_processes([*ours, *theirs]))

    report = found.stores.sync(found.settings.profile).run(DEP, "test")

    in_file = {r["message_id"] for r in legacy.rows(tree.file(DEP))}
    in_database = {m.message_id for m in found.stores.database.read(DEP).correspondence.messages}
    mine = {f"ours{w}-{n}" for w in range(4) for n in range(EACH)}
    assert report.behind is None
    assert mine <= in_database
    assert answered <= in_database
    assert mine <= in_file
    assert answered <= in_file
    assert {m.message_id for m in report.correspondence.messages} == in_file == in_database
    print(f"legacy messages left of {4 * EACH}: {sum(str(i).startswith('legacy') for i in in_file)}")


@pytest.mark.parametrize("value", ["'Entry approved'", "Entry\u00a0approved", "a\u2028b", "''"])
def test_an_odd_value_of_another_program_is_in_nobodys_way(tmp_path: Path, value: str) -> None:
    tree = make_site(tmp_path, "")
    store = CifStore(Site(tree.root / "data"), Locks(tree.root / "state", 1, Observer()), create=True, observer=Observer())
    store.apply(_append("m1"))
    path = tree.file(DEP)
    path.write_bytes(re.sub(rb"(message_subject +)\?", lambda m: m[1] + value.encode(), path.read_bytes()))
    subject = store.read(DEP).correspondence.messages[0].message_subject

    store.apply(_append("m2"))

    found = store.read(DEP).correspondence.messages
    assert [m.message_id for m in found] == ["m1", "m2"]
    assert (found[0].message_subject or None) == (subject or None)
