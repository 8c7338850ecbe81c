"""A writer whose disk is slow is outrun by a sync that meets its copy: nothing is left for an outage to stumble over."""

import errno
import os
import shutil
import threading
from collections.abc import Callable

import pytest
from support.command import DOWN, msgmodule
from support.dual import DEP, QUICK, Dual, away, drafted, dual, edit, first_call, flags, noted
from support.site import DUAL, Site

from service.changes import MarkRead
from service.errors import FileUnavailable, MessagingError, SwitchRefused
from service.storage.cif import files
from service.storage.cif.store import CifStore

READ = ("Y", "Y", "N")


def _outrun(made: Dual, reader: Dual, message_id: str) -> None:
    """Mark a message read, while a reader runs a sync and waits for the lock in vain."""
    begun, looked = threading.Event(), threading.Event()

    def waits() -> None:
        begun.set()
        looked.wait()

    with pytest.MonkeyPatch.context() as patch:
        first_call(files, "replace", patch, waits)
        writer = threading.Thread(target=made.chain.apply, args=(MarkRead(DEP, message_id),))
        writer.start()
        begun.wait()
        reader.read()
        looked.set()
        writer.join()


@pytest.fixture(params=DUAL)
def outrun(request: pytest.FixtureRequest, site: Site) -> Dual:
    """A dual profile in which m1 was marked read so."""
    made, reader = drafted(site, request.param), dual(site, request.param, **QUICK)
    made.services.switching.start()
    _outrun(made, reader, "m1")
    return made


@pytest.fixture
def vanished(site: Site) -> Site:
    """A site with a kept change of a deposition whose directory is gone, and no database."""
    made = drafted(site, "dual-write-cif-read")
    made.services.switching.start()
    with away(made):
        made.append("m9", has_new_id=True)
    shutil.rmtree(site.archive / DEP)
    return Site(site.root, DOWN)


def test_the_files_answer_in_an_outage_that_follows(outrun: Dual) -> None:
    assert outrun.kept("cif-behind") == outrun.kept("pending") == outrun.kept("ahead") == []
    with away(outrun):
        assert flags(outrun) == READ


def test_a_later_edit_of_another_program_is_no_old_copy(outrun: Dual) -> None:
    status = b"_pdbx_deposition_message_status.read_status"
    lines = outrun.old_copy().splitlines(keepends=True)
    outrun.put_back(b"".join(line.replace(b"Y", b"N") if line.startswith(status) else line for line in lines))

    assert flags(outrun) == ("N", "Y", "N")


@pytest.mark.parametrize("outrun", ["dual-write-cif-read"], indirect=True)
def test_the_way_back_to_the_files_is_open_in_an_outage(outrun: Dual) -> None:
    down = Site(outrun.site.root, DOWN).services("dual-write-cif-read", **QUICK)

    assert down.switching.switch("cif-only", None, "the server is gone", "operator") is not None


def test_a_sync_that_met_an_edit_writes_nothing_of_it_once_its_writer_has_taken_it_back(site: Site) -> None:
    made, reader = drafted(site, "dual-write-cif-read"), dual(site, "dual-write-cif-read", **QUICK)
    sent = edit("sent", send_status="Y")
    waiting = threading.Event()
    look = threading.Thread(target=reader.read)

    def full() -> None:
        look.start()
        waiting.wait()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.MonkeyPatch.context() as patch:
        first_call(CifStore, "put", patch, waiting.set)
        first_call(files, "replace", patch, full)
        with pytest.raises(FileUnavailable, match="No space"):
            made.chain.apply(sent)
        look.join()

    assert [store.message("m1").message_text for store in (made.in_files(), made.in_database())] == ["draft", "draft"]  # type: ignore[union-attr]


@pytest.mark.parametrize("profile", DUAL)
def test_an_edit_of_another_program_beside_a_slow_writer_of_ours_is_no_conflict(site: Site, profile: str) -> None:
    made, reader = drafted(site, profile), dual(site, profile, **QUICK)
    made.append("m2")
    made.read()
    with pytest.MonkeyPatch.context() as patch:
        cif = made.services.stores.cif
        first_call(cif, "write", patch, lambda: made.put_back(made.old_copy().replace(b"draft", b"theirs")))
        _outrun(made, reader, "m2")

    assert [m.message_text for m in made.chain.read(DEP).correspondence.messages] == ["theirs", "text"]
    assert noted(site) == []


def _refusal(work: Callable[[], object]) -> int | None:
    try:
        work()
    except MessagingError as error:
        return error.status
    return None


@pytest.mark.parametrize("profile", [*DUAL, "cif-only"])
def test_a_directory_that_vanished_under_kept_changes_is_no_unknown_deposition(vanished: Site, profile: str) -> None:
    down = Dual(vanished, vanished.services(profile, **QUICK))

    assert _refusal(lambda: down.chain.read(DEP)) == 503
    assert _refusal(lambda: down.append("m10", has_new_id=True)) == 503
    assert _refusal(lambda: down.chain.apply(MarkRead(DEP, "m1"))) == 503
    assert not (vanished.archive / DEP).exists()


def test_the_way_back_names_a_directory_that_vanished_under_kept_changes(vanished: Site) -> None:
    down = vanished.services("dual-write-cif-read", **QUICK)

    with pytest.raises(SwitchRefused, match=f"{DEP} is gone.*put it back"):
        down.switching.switch("cif-only", None, "the server is gone", "operator")


def test_an_export_to_a_folder_that_another_program_writes_says_so_and_goes_on(site: Site) -> None:
    made = drafted(site, "dual-write-db-read")
    made.services.switching.start()
    out = site.root / "out"

    def crossed() -> None:
        (out / DEP).mkdir()
        shutil.copy(made.file(), out / DEP)

    with pytest.MonkeyPatch.context() as patch:
        first_call(CifStore, "put", patch, crossed)
        done = msgmodule(site, "export", "--all", "--output-dir", str(out), profile="dual-write-db-read")

    assert done.returncode == 1
    assert "run the export again" in done.stdout + done.stderr
