"""A copy says, wherever it is, whether its file was written: what never stood there proves no old copy, what did does."""

import threading
import time

import pytest
from support.dual import DEP, QUICK, Dual, away, drafted, dual, edit, noted
from support.forked import forked, killed
from support.site import DUAL, Site
from support.world import dying

from service.changes import Amend, MarkRead
from service.errors import NotFound
from service.messages import FileReference
from service.storage.cif import files
from service.storage.pending import Pending

SENT = edit("sent", send_status="Y")


@pytest.fixture(params=DUAL)
def profile(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def made(site: Site, profile: str) -> Dual:
    """A dual profile with the draft m1 and the message m2 in both stores."""
    both = drafted(site, profile)
    both.append("m2")
    both.read()
    return both


def _reference(version_id: str) -> FileReference:
    return FileReference(None, "m2", DEP, "model", "pdbx", "1", version_id, "archive")


def _read_by_one_that_dies(site: Site, profile: str, owner: object, step: str) -> None:
    """Have m2 marked read by a process that dies at a step."""
    killed(lambda: dual(site, profile, **QUICK).chain.apply(MarkRead(DEP, "m2")), owner, step)


def _texts(made: Dual) -> list[str | None]:
    return [m.message_text for m in made.chain.read(DEP).correspondence.messages]


def test_a_copy_that_a_sync_keeps_on_still_says_that_its_file_was_not_written(made: Dual, profile: str) -> None:
    begun = forked.Event()

    def stuck(*_: object, **__: object) -> None:
        begun.set()
        threading.Event().wait()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "replace", stuck)
        worker = forked.Process(target=lambda: dual(made.site, profile, **QUICK).chain.apply(MarkRead(DEP, "m2")))
        worker.start()
    begun.wait()
    made.read()
    assert made.kept("pending") != []
    worker.kill()
    worker.join()

    made.put_back(made.old_copy().replace(b"draft", b"theirs"))

    assert _texts(made) == ["theirs", "text"]


def test_a_copy_that_db_only_keeps_on_still_says_that_its_file_was_not_written(made: Dual, profile: str) -> None:
    _read_by_one_that_dies(made.site, profile, files, "replace")
    dual(made.site, "db-only", **QUICK).read()

    made.put_back(made.old_copy().replace(b"draft", b"theirs"))

    assert _texts(made) == ["theirs", "text"]


def test_an_old_copy_over_what_a_sync_wrote_for_a_dead_worker_is_known_for_one(made: Dual, profile: str) -> None:
    old = made.old_copy()
    made.chain.apply(SENT)
    _read_by_one_that_dies(made.site, profile, files, "replace")
    third = dual(made.site, profile, **QUICK)
    with dying(third.services.stores.database, "bring"):
        third.read()

    made.put_back(old)

    assert _texts(made) == ["sent", "text"]


def test_an_old_copy_over_what_a_repeat_wrote_in_an_outage_is_known_for_one(made: Dual, profile: str) -> None:
    old = made.old_copy()
    made.chain.apply(SENT)
    _read_by_one_that_dies(made.site, profile, files, "replace")
    with away(made):
        made.chain.apply(MarkRead(DEP, "m2"))

    made.put_back(old)

    assert _texts(made) == ["sent", "text"]


def test_an_old_copy_that_lacks_a_reference_of_long_ago_is_known_for_one(made: Dual, profile: str) -> None:
    old, message = made.old_copy(), made.in_files().message("m2")
    assert message is not None
    made.chain.apply(Amend(DEP, message, message, (_reference("1"),)))
    made.chain.apply(SENT)
    more = Amend(DEP, message, message, (_reference("1"), _reference("2")))
    killed(lambda: dual(made.site, profile, **QUICK).chain.apply(more), files, "replace")

    made.put_back(old)

    assert _texts(made) == ["sent", "text"]


def test_what_may_be_an_old_copy_over_a_file_of_which_nobody_can_tell_is_noted(made: Dual, profile: str) -> None:
    old = made.old_copy()
    made.chain.apply(SENT)
    made.read()
    _read_by_one_that_dies(made.site, profile, Pending, "tell_written")

    made.put_back(old)

    assert _texts(made) == ["draft", "text"]
    assert [note["lost"]["message_text"] for note in noted(made.site)] == ["sent"]


def test_a_second_equal_reference_that_was_never_written_proves_no_old_copy(made: Dual, profile: str) -> None:
    message, one = made.in_files().message("m2"), _reference("1")
    assert message is not None
    with away(made):
        made.chain.apply(Amend(DEP, message, message, (one,)))
        killed(
            lambda: dual(made.site, profile, **QUICK).chain.apply(Amend(DEP, message, message, (one, one))), files, "replace"
        )
        made.put_back(made.old_copy().replace(b"draft", b"theirs"))

    assert _texts(made) == ["theirs", "text"]


def test_a_torn_copy_of_an_unknown_deposition_makes_none(made: Dual) -> None:
    torn = made.site.root / "state" / "ahead" / f"D_1000000043.{time.time_ns():020d}-aa.json"
    torn.parent.mkdir(exist_ok=True)
    torn.write_bytes(b"")

    with pytest.raises(NotFound):
        made.chain.read("D_1000000043")

    assert made.services.stores.database.state("D_1000000043") is None
    assert made.kept("ahead") == []
