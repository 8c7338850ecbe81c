"""`msgmodule import` killed at any moment, or while the service writes: the end is that of an undisturbed one."""

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from generate_archive import Odd, generate
from support import mariadb
from support.command import in_a_process, msgmodule
from support.site import Site, make_site

COUNT, KILLS, CLIENTS = 40, 20, 4


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Site]:
    with mariadb.fresh_database() as url:
        made = make_site(tmp_path, url)
        generate(tmp_path / "data", COUNT, odd=Odd(0, 30))
        for path in (tmp_path / "data").rglob("*.V1"):
            os.utime(path, (1_700_000_000, 1_700_000_000))  # old enough for its signature to be conclusive
        made.initialise()
        yield made


def everything(site: Site) -> dict[str, Any]:
    """Give all that the database holds, signatures included."""
    database = site.services("cif-only").stores.database
    recorded = database.recorded()
    return {key: (database.read(key).correspondence, recorded[key]) for key in recorded}


def killed(site: Site, after: int, *more: str) -> bool:
    """Run an import in processes of its own, and kill them all once it told of so many depositions; tell whether it ran."""
    log = site.root / "import.log"
    log.unlink(missing_ok=True)
    command = [str(Path(sys.executable).with_name("msgmodule")), "import", "--all", "--json-log", str(log), *more]
    environ = {"PATH": os.environ["PATH"]} | site.environ("cif-only")
    process = subprocess.Popen(
        command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    while process.poll() is None:
        if log.exists() and log.read_bytes().count(b"\n") >= after:
            os.killpg(process.pid, 9)
            return process.wait() < 0
        time.sleep(0.001)
    return False


@pytest.mark.mariadb
def test_an_import_that_is_killed_and_run_again_ends_as_an_undisturbed_one(archive: Site) -> None:
    assert in_a_process(archive, "import", "--all").returncode == 0
    undisturbed = everything(archive)
    rng, hit = random.Random(5), 0  # noqa: S311 - no secret
    for n in range(KILLS):
        with mariadb.fresh_database() as url:
            site = Site(archive.root, url)
            (site.root / "state" / "database.json").unlink()
            site.initialise()
            hit += killed(site, rng.randrange(COUNT), "--workers", str(1 + n % 2))
            assert msgmodule(site, "import", "--all").returncode == 0
            assert everything(site) == undisturbed
    assert hit > KILLS // 2


def write(client: FlaskClient, name: str, keys: list[str], over: threading.Event) -> list[str]:
    """Send messages to all of these depositions, again and again until told to stop; give their ids."""
    sent: list[str] = []
    rng = random.Random(name)  # noqa: S311 - no secret
    while not over.is_set():
        message_id = f"{name}-{len(sent)}"
        url = f"/api/v1/depositions/{rng.choice(keys)}/messages"
        answer = client.post(url, json={"message_id": message_id, "message_text": "Å"})
        assert answer.status_code == 201, answer.text
        assert answer.json is not None
        assert answer.json["stores"] == {"cif": "written", "database": "written"}
        sent.append(message_id)
    return sent


@pytest.mark.mariadb
@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_import_while_clients_write_loses_nothing_and_writes_nothing_twice(archive: Site, workers: str) -> None:
    clients = [archive.client(archive.app("dual-write-cif-read")) for _ in range(CLIENTS)]
    keys = sorted(path.name for path in archive.archive.iterdir())
    over, sent, failed = threading.Event(), [], []

    def work(n: int) -> None:
        try:
            sent.extend(write(clients[n], f"client-{n}", keys, over))
        except BaseException as error:
            failed.append(error)
            raise

    threads = [threading.Thread(target=work, args=(n,)) for n in range(CLIENTS)]
    for thread in threads:
        thread.start()
    done = in_a_process(archive, "import", "--all", "--workers", workers, "--json", profile="dual-write-cif-read")
    over.set()
    for thread in threads:
        thread.join()
    assert not failed
    totals = json.loads(done.stdout)
    assert (done.returncode, totals["found"], totals["healed"], totals["conflicting"]) == (0, COUNT, 0, 0), done.stderr
    verified = msgmodule(archive, "verify", "--all", "--json")
    assert verified.returncode == 0, verified.stdout
    assert json.loads(verified.stdout)["equal"] == COUNT
    stored = Counter(m.message_id for c, _ in everything(archive).values() for m in c.messages)
    assert set(stored.values()) == {1}
    assert len(sent) > CLIENTS
    assert set(sent) <= set(stored)
