"""What the dual chains do in a fault is told in the metrics, once for each time."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support import legacy
from support.dual import DEP, Dual, dual, first_call
from support.mariadb import PrivateServer
from support.site import DUAL, make_site

from service.changes import EditDraft
from service.errors import StaleAnswerRefused
from service.storage.cif.lock import lock_of
from service.vocabulary import TO_DEPOSITOR

pytestmark = pytest.mark.mariadb


@pytest.fixture(params=DUAL)
def both(request: pytest.FixtureRequest, tmp_path: Path, private_mariadb: PrivateServer) -> Iterator[Dual]:
    url = private_mariadb.url.replace("/messaging", f"/observed_{tmp_path.name[-40:].replace('-', '_')}")
    site = make_site(tmp_path, url)
    site.initialise()
    made = dual(site, request.param, MSGMODULE_CIRCUIT_BREAKER="false", MSGMODULE_LOCK_TIMEOUT="0.2")
    made.append("before", "draft", send_status="N")
    made.read()
    assert made.is_equal()
    yield made
    private_mariadb.start_again()


def metric(both: Dual, sample: str) -> float:
    """Give the value of a sample; one that was never counted is zero."""
    lines = both.services.metrics.exposition().decode().splitlines()
    return next((float(line.split()[-1]) for line in lines if line.startswith(f"messaging_{sample} ")), 0)


def test_each_write_that_the_database_missed_is_counted(both: Dual, private_mariadb: PrivateServer) -> None:
    private_mariadb.stop()
    both.append("m1")
    both.append("m2")
    assert metric(both, 'degraded_writes_total{store="database"}') == 2
    assert metric(both, 'degraded_writes_total{store="cif"}') == 0


@pytest.mark.parametrize("both", ["dual-write-db-read"], indirect=True)
def test_a_write_that_the_file_missed_and_an_answer_refused_for_it_are_counted(
    both: Dual, private_mariadb: PrivateServer
) -> None:
    lock_of(both.file()).touch()
    both.append("m1")
    assert metric(both, 'degraded_writes_total{store="cif"}') == 1
    private_mariadb.stop()
    with pytest.raises(StaleAnswerRefused):
        both.read()
    assert metric(both, "stale_reads_refused_total") == 1
    assert metric(both, "fallback_reads_total") == 0


@pytest.mark.parametrize("both", ["dual-write-db-read"], indirect=True)
def test_an_answer_from_the_files_in_place_of_the_database_is_counted(both: Dual, private_mariadb: PrivateServer) -> None:
    private_mariadb.stop()
    assert both.read() == ["before"]
    assert metric(both, "fallback_reads_total") == 1


def test_a_foreign_write_is_counted_once_and_a_write_of_ours_never(both: Dual) -> None:
    both.append("m1")
    both.read()
    assert metric(both, "foreign_changes_total") == 0
    legacy.append(both.file(), message_id="L", message_subject="s", message_text="t")
    both.read()
    both.read()
    assert metric(both, "foreign_changes_total") == 1
    assert metric(both, 'syncs_total{outcome="ok",reason="read"}') >= 1
    assert metric(both, "healed_rows_total") == 0


def test_a_conflict_is_counted_once(both: Dual) -> None:
    stores = both.services.stores
    for text, store in (("file", stores.cif), ("database", stores.database)):
        store.apply(EditDraft(DEP, TO_DEPOSITOR, "before", "2026-02-02 02:02:02", {"message_text": text}))
    both.read()
    both.read()
    assert metric(both, "conflicts_total") == 1


def test_a_sync_that_a_writer_crosses_is_no_defect(both: Dual, monkeypatch: pytest.MonkeyPatch) -> None:
    old = both.old_copy()
    both.append("m1")
    both.put_back(old)
    first_call(both.services.stores.cif, "put", monkeypatch, lambda: legacy.append(both.file(), message_id="L"))
    assert sorted(map(str, both.read())) == ["L", "before", "m1"]
    crossed = 'store_operations_total{operation="sync",outcome="%s",store="cif"}'
    assert (metric(both, crossed % "moved"), metric(both, crossed % "defect")) == (1, 0)


def test_a_sync_behind_a_lock_says_so(both: Dual) -> None:
    old = both.old_copy()
    both.append("m1")
    both.put_back(old)
    lock_of(both.file()).touch()
    both.read()
    assert metric(both, 'syncs_total{outcome="behind",reason="read"}') == 1
    assert both.kept("cif-behind") == [DEP]
