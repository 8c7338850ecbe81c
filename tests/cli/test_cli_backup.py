"""`msgmodule backup` and `restore`: what comes back is what was there, and what was changed in between is not put back."""

import json
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from support import backups, mariadb
from support.command import msgmodule
from support.contract import append
from support.dual import noted
from support.site import DEPOSITION, Site, make_site

from service.backup.write import back_up
from service.changes import EditDraft
from service.messages import Correspondence
from service.security import Tokens
from service.storage.base import Store
from service.storage.database import dump
from service.vocabulary import TO_DEPOSITOR

OTHER = "D_9000277853"
DUAL = "dual-write-db-read"
backup, restore = partial(backups.backup, profile=DUAL), partial(backups.restore, profile=DUAL)


@pytest.fixture
def full(legacy_site: Site) -> Site:
    """A site in a dual profile with everything imported, a token, and a mirror."""
    (legacy_site.root / "data" / "deposit" / DEPOSITION).mkdir()
    legacy_site.import_all()
    legacy_site.app(DUAL)
    legacy_site.token("messages:read")
    append(chain(legacy_site, DUAL), DEPOSITION, "mirrored", message_text="1.7 Ångström")
    return legacy_site


def conflict(site: Site) -> None:
    """Have a message changed on both sides."""
    stores = site.services(DUAL).stores
    append(chain(site, DUAL), OTHER, "edited", send_status="N")
    for store, text in ((stores.cif, "1.7 Å"), (stores.database, "1.8 Å")):
        store.apply(EditDraft(OTHER, TO_DEPOSITOR, "edited", "2026-02-02 02:02:02", {"message_text": text}))
    chain(site, DUAL).read(OTHER)
    assert len(noted(site)) == 1


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """Another site, of either kind, with nothing in it."""
    if request.param == "sqlite":
        yield make_site(tmp_path / "empty", f"sqlite:///{tmp_path}/empty/messages.db")
    else:
        with mariadb.fresh_database() as url:
            yield make_site(tmp_path / "empty", url)


def chain(site: Site, profile: str) -> Store:
    services = site.services(profile)
    return services.stores.chain(services.settings.profile)


def in_both(site: Site) -> dict[str, tuple[Correspondence, Correspondence]]:
    """Give each deposition as the files and as the database hold it."""
    stores = site.services(DUAL).stores
    found = stores.cif.site.depositions()
    return {d: (stores.cif.read(d).correspondence, stores.database.read(d).correspondence) for d in found}


def test_a_restored_site_is_the_one_that_was_backed_up(full: Site, empty: Site) -> None:
    conflict(full)
    done, folder = backup(full)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["depositions"], told["profile"], told["directory"]) == (2, DUAL, str(folder))
    done = restore(empty, folder)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["tables"] == told["tables"]
    assert told["tables"]["conflict_log"] == 1
    assert noted(empty) == noted(full)
    assert {n: d for n, d in empty.files().items() if "PREV" not in n} == {
        n: d for n, d in full.files().items() if "PREV" not in n
    }
    assert in_both(empty) == in_both(full)
    assert all(files == rows for files, rows in in_both(empty).values())
    services = empty.services(DUAL)
    assert services.switching.active() == full.services(DUAL).switching.active()
    assert all(services.stores.cif.matches(d, s) for d, s in services.stores.database.recorded().items())
    assert Tokens(empty.root / "state").all() == Tokens(full.root / "state").all()
    answer = empty.client(empty.app(DUAL)).get("/api/v1/messages/recent?days=9999&keyword=ångström&text=true")
    assert "1.7 Ångström" in [m["message_text"] for m in (answer.json or {})["messages"]]


@pytest.mark.parametrize("profile", ["cif-only", "db-only"])
def test_a_site_with_one_store_comes_back_with_it(full: Site, empty: Site, profile: str) -> None:
    (full.root / "state" / "profile.json").unlink()
    full.app(profile)
    append(chain(full, profile), OTHER, "here alone")
    done, folder = backup(full, profile=profile)
    assert done.returncode == 0, done.stderr
    assert (json.loads(done.stdout)["tables"] == {}) == (profile == "cif-only")
    done = restore(empty, folder, profile=profile)
    assert done.returncode == 0, done.stderr
    for dep in (DEPOSITION, OTHER):
        assert chain(empty, profile).read(dep).correspondence == chain(full, profile).read(dep).correspondence
    assert empty.app(profile)


def test_a_backup_made_before_a_table_was_there_comes_back(full: Site, empty: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = full.root / "older"
    with monkeypatch.context() as older:
        older.delitem(dump._TABLES, "conflict_log")
        assert "conflict_log" not in back_up(full.services(DUAL), folder).tables
    done = restore(empty, folder)
    assert done.returncode == 0, done.stderr
    assert in_both(empty) == in_both(full)
    conflict(empty)


def test_changes_that_wait_for_the_database_come_back_waiting(full: Site, empty: Site) -> None:
    services = full.services(DUAL)
    kept = services.stores.cif.read(OTHER).correspondence
    down = Site(full.root, "mysql://nobody@127.0.0.1:1/nowhere")
    append(chain(down, DUAL), DEPOSITION, "kept")
    _, folder = backup(full)
    assert restore(empty, folder).returncode == 0
    both = in_both(empty)
    assert both[DEPOSITION][0].message("kept") is not None
    assert both[DEPOSITION][0] == both[DEPOSITION][1]
    assert both[OTHER] == (kept, kept)


def test_a_backup_of_a_site_that_is_written_is_whole(full: Site, empty: Site) -> None:
    stop = threading.Event()
    written: list[str] = []
    services = full.services(DUAL)
    writing = services.stores.chain(services.settings.profile)
    for n in range(20):
        append(writing, OTHER, f"before-{n}")

    def write() -> None:
        while not stop.is_set():
            written.append(f"while-{len(written)}")
            append(writing, DEPOSITION, written[-1])

    writer = threading.Thread(target=write)
    writer.start()
    try:
        done, folder = backup(full)
    finally:
        stop.set()
        writer.join()
    assert done.returncode == 0, done.stderr
    assert written
    done = restore(empty, folder)
    assert done.returncode == 0, done.stderr
    both = in_both(empty)
    assert all(files == rows for files, rows in both.values())
    assert {f"before-{n}" for n in range(20)} <= {m.message_id for m in both[OTHER][0].messages}
    there = [m.message_id for m in both[DEPOSITION][0].messages if str(m.message_id).startswith("while-")]
    assert there == written[: len(there)]


def test_any_changed_byte_is_found_before_anything_is_touched(full: Site, empty: Site) -> None:
    _, folder = backup(full)
    before = sorted(empty.root.rglob("*"))
    for path in [p for p in sorted(folder.rglob("*")) if p.is_file()]:
        data = path.read_bytes()
        path.write_bytes(bytes([data[0] ^ 1]) + data[1:] if data else b"x")
        done = restore(empty, folder)
        assert done.returncode == 1, path
        assert str(folder) in done.stderr
        path.write_bytes(data)
    assert sorted(empty.root.rglob("*")) == before
    next(folder.rglob("*.V1")).unlink()
    assert restore(empty, folder).returncode == 1
    assert sorted(empty.root.rglob("*")) == before


def test_only_an_empty_site_is_restored_into(full: Site, tmp_path: Path) -> None:
    _, folder = backup(full)
    before, rows = full.files(), in_both(full)
    done = restore(full, folder)
    assert (done.returncode, "not empty" in done.stderr) == (1, True)
    emptied = Site(tmp_path / "emptied", full.database_url)
    done = restore(emptied, folder)
    assert (done.returncode, "holds depositions already" in done.stderr) == (1, True)
    assert (full.files(), in_both(full)) == (before, rows)


def test_what_is_no_backup_and_what_is_no_place_for_one_is_refused(full: Site, empty: Site) -> None:
    assert restore(empty, Path("/nonexistent")).returncode == 1
    assert restore(empty, full.root / "data").returncode == 1
    done, folder = backup(full)
    assert done.returncode == 0
    done, _ = backup(full)
    assert (done.returncode, "not empty" in done.stderr) == (1, True)
    assert restore(empty, folder).returncode == 0
    shutil.rmtree(full.root / "data" / "archive")
    assert msgmodule(full, "backup", str(full.root / "second"), profile=DUAL).returncode == 1


def test_a_damaged_file_is_kept_as_it_is_and_told(full: Site, empty: Site) -> None:
    path = full.file(DEPOSITION)
    path.write_bytes(path.read_bytes()[:2000])
    done, folder = backup(full)
    assert (done.returncode, str(path) in done.stderr) == (1, True)
    done = restore(empty, folder)
    assert (done.returncode, DEPOSITION in done.stderr) == (1, True)
    assert empty.file(DEPOSITION).read_bytes() == path.read_bytes()
    assert in_both_but(empty, DEPOSITION)


def in_both_but(site: Site, left_out: str) -> bool:
    """Tell whether all depositions but one are equal in both stores."""
    stores = site.services(DUAL).stores
    others = [d for d in stores.cif.site.depositions() if d != left_out]
    return bool(others) and all(stores.cif.read(d).correspondence == stores.database.read(d).correspondence for d in others)


def test_no_secret_stands_in_a_backup(full: Site) -> None:
    (full.root / "state" / "local-token").write_text("the-secret")
    done, folder = backup(full)
    assert done.returncode == 0
    everything = b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())
    assert b"the-secret" not in everything
    assert full.database_url.encode() not in everything
