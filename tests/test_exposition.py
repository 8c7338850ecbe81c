"""What a scrape says of the site itself, read off its state directory, whatever the database does."""

import json
import os
import re
import time

import pytest
from flask.testing import FlaskClient
from support.contract import append
from support.site import Site

from service.catalogue import CATALOGUE
from service.sync.verified import Verified, VerifyRecord
from service.sync.verify import Outcome

URL = "/api/v1/depositions/D_1000000042/messages"
DOWN = "mysql://nobody@127.0.0.1:1/nowhere"
#: What every Prometheus histogram and counter adds to its name.
_PARTS = re.compile(r"_(bucket|sum|count|created)$")


def scrape(client: FlaskClient) -> dict[str, float]:
    lines = client.get("/admin/metrics").text.splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if line and not line.startswith("#")}


def test_every_metric_of_the_catalogue_is_told_and_no_other(site: Site) -> None:
    text = site.client(site.app("dual-write-cif-read")).get("/admin/metrics").text
    told = set(re.findall(r"^# TYPE (messaging_\S+) ", text, re.MULTILINE))
    told = {name for name in told if not name.endswith("_created")}
    assert told == {m.full_name for m in CATALOGUE}


def test_what_may_raise_an_alarm_begins_at_zero(site: Site) -> None:
    found = scrape(site.client(site.app("cif-only")))
    for name in ("conflicts_total", 'degraded_writes_total{store="database"}', 'shadow_reads_total{outcome="mismatch"}'):
        assert found[f"messaging_{name}"] == 0


def test_a_store_that_lacks_something_is_counted_with_its_age(site: Site) -> None:
    site.app("dual-write-cif-read")
    down = Site(site.root, DOWN)
    client = down.client(down.app("dual-write-cif-read"))
    client.post(URL, json={"message_text": "t"})
    [kept] = (site.root / "state" / "pending" / "D_1000000042").iterdir()
    kept.rename(kept.with_name(f"{int((time.time() - 900) * 1e9):020d}-{kept.name.partition('-')[2]}"))
    found = scrape(client)
    assert found['messaging_depositions_behind{store="database"}'] == 1
    assert found['messaging_depositions_behind{store="cif"}'] == 0
    assert 900 <= found['messaging_oldest_behind_seconds{store="database"}'] < 1000


def test_files_that_the_profile_does_not_write_are_behind_without_anyone_waiting(site: Site) -> None:
    client = site.client(site.app("db-only"))
    client.post(URL, json={"message_text": "t"})
    found = scrape(client)
    assert found['messaging_depositions_behind{store="cif"}'] == 1
    assert found['messaging_oldest_behind_seconds{store="cif"}'] == 0


def test_the_depositions_of_each_store_are_counted_and_those_that_both_have(site: Site) -> None:
    client = site.client(site.app("dual-write-cif-read"))
    client.post(URL, json={"message_text": "t"})
    client.get(URL)  # the first access records what the two other files are
    (site.archive / "D_1000000043").mkdir()
    append(site.services("db-only").stores.database, "D_1000000044", "m")
    found = scrape(client)
    assert found['messaging_depositions{store="cif"}'] == 2
    assert found['messaging_depositions{store="database"}'] == 2
    assert found["messaging_depositions_in_both"] == 1


@pytest.mark.parametrize(("profile", "store"), [("cif-only", "cif"), ("db-only", "database")])
def test_a_store_that_the_profile_does_not_use_is_not_counted(site: Site, profile: str, store: str) -> None:
    found = scrape(site.client(site.app(profile)))
    assert [name for name in found if name.startswith("messaging_depositions{")] == [
        f'messaging_depositions{{store="{store}"}}'
    ]
    assert ("messaging_depositions_in_both" in found) is (profile == "db-only")


def test_a_database_that_is_away_is_not_counted_and_the_files_are(site: Site) -> None:
    site.app("dual-write-cif-read")
    down = Site(site.root, DOWN)
    found = scrape(down.client(down.app("dual-write-cif-read")))
    assert [name for name in found if name.startswith("messaging_depositions{")] == ['messaging_depositions{store="cif"}']


def test_the_lock_of_another_program_that_held_up_a_writer_is_told_until_it_is_gone(site: Site) -> None:
    client = site.client(site.app("cif-only", MSGMODULE_LOCK_TIMEOUT="0.05"))
    client.post(URL, json={"message_text": "t"})
    file = site.file("D_1000000042")
    lock = file.with_name(f"{file.name}.lock")
    lock.touch()
    os.utime(lock, (time.time() - 400, time.time() - 400))
    assert scrape(client)["messaging_foreign_lock_seconds"] == 0
    assert client.post(URL, json={"message_text": "t"}).status_code == 503
    assert 400 <= scrape(client)["messaging_foreign_lock_seconds"] < 500
    lock.unlink()
    assert scrape(client)["messaging_foreign_lock_seconds"] == 0


@pytest.mark.parametrize(("seen", "lagging"), [("2999-01-01T00:00:00+00:00", 1), ("2000-01-01T00:00:00+00:00", 0)])
def test_a_worker_lags_when_it_answered_after_the_switch_under_the_old_epoch(site: Site, seen: str, lagging: int) -> None:
    client = site.client(site.app("cif-only"))
    [mine] = (site.root / "state" / "workers").iterdir()
    entry = json.loads(mine.read_text()) | {"pid": os.getppid(), "seen": seen}
    client.post("/admin/profile", json={"to": "dual-write-cif-read", "expected_epoch": 1, "reason": "r"})
    (mine.parent / "other.json").write_text(json.dumps(entry))
    found = {k.partition("{")[0]: v for k, v in scrape(client).items()}
    assert found["messaging_workers"] == 2
    assert found["messaging_workers_lagging"] == lagging


def test_the_last_full_verify_is_told_and_none_where_there_was_none(site: Site) -> None:
    client = site.client(site.app("dual-write-cif-read"))
    assert "messaging_verify_timestamp_seconds" not in scrape(client)
    outcomes = {outcome.value: 0 for outcome in Outcome} | {"equal": 7, "differing": 3}
    record = VerifyRecord(site.root / "state")
    record.write(Verified(full=False, ended="2026-01-02T03:04:05+00:00", outcomes=outcomes))
    assert "messaging_verify_timestamp_seconds" not in scrape(client)
    record.write(Verified(full=True, ended="2026-01-02T03:04:05+00:00", outcomes=outcomes))
    found = scrape(client)
    assert (found["messaging_verify_timestamp_seconds"], found["messaging_verify_differences"]) == (1767323045, 3)


def test_the_free_shares_of_the_file_systems_are_measured(site: Site) -> None:
    found = scrape(site.client(site.app("cif-only")))
    assert all(0 < found[f'messaging_disk_free_ratio{{place="{place}"}}'] <= 1 for place in ("cif_root", "state_dir"))
