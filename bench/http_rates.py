"""Measure requests a second beside handlers written by hand, in one run on MariaDB: `make bench-http` (needs wrk).

Both are served by gunicorn with two workers of four threads. The handlers by hand know no tokens, no rules and no metrics.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pymysql
from database import filled
from support import mariadb
from support.server import Server, free_port
from support.site import DUAL, Site, make_site

from service.storage.guard import GuardedDatabase

PATH = "/api/v1/depositions/D_%d/messages"
DEPOSITIONS, MESSAGES, SECONDS, TURNS, CLIENTS = 400, 35, 4, 3, 8
#: Seconds of the same requests before those that count: a worker that still starts leaves all connections to the other.
WARM = 1
TEXT = "Dear depositor, the model was looked at again. " * 53
POSTED = {
    "content_type": "messages-to-depositor",
    "message_subject": "s",
    "message_text": TEXT,
    "sender": "annotator@rcsb.org",
    "files": [{"content_type": "model", "content_format": "pdbx", "upload_file_name": f"f{n}.cif"} for n in range(5)],
}
#: wrk asks for one deposition after the other.
CYCLE = """
local n = 0
request = function()
  n = (n + 1) %% %d
  return wrk.format(nil, string.format("%s", 1000000000 + n))
end
"""


class Rates:
    """Ask a server with wrk and give the requests a second."""

    def __init__(self, folder: Path, address: str, token: str = "") -> None:
        self._folder = folder
        self._address = address
        self._headers = [f"Authorization: Bearer {token}", "Content-Type: application/json"]

    def get(self, path: str, *more: str) -> float:
        return self._measured(path, None, more)

    def cycled(self, pattern: str) -> float:
        """Ask for all depositions in turn."""
        return self._measured("/", CYCLE % (DEPOSITIONS, pattern), ())

    def post(self, pattern: str) -> float:
        """Send a message to all depositions in turn."""
        body = json.dumps(json.dumps(POSTED))
        return self._measured("/", f'wrk.method = "POST"\nwrk.body = {body}\n' + CYCLE % (DEPOSITIONS, pattern), ())

    def _measured(self, path: str, script: str | None, more: tuple[str, ...]) -> float:
        command = ["wrk", "-t2", f"-c{CLIENTS}", self._address + path]
        if script is not None:
            (self._folder / "script.lua").write_text(script)
            command += ["-s", str(self._folder / "script.lua")]
        for header in (*self._headers, *more):
            command += ["-H", header]
        for seconds in (WARM, SECONDS):
            told = subprocess.run([*command, f"-d{seconds}s"], check=True, capture_output=True, text=True).stdout
            if "Non-2xx" in told and not more:
                raise SystemExit(f"{command}: {told}")
        return float(re.findall(r"Requests/sec:\s+([0-9.]+)", told)[0])


@contextmanager
def straight(folder: Path, database: str, size: int) -> Iterator[Rates]:
    """Serve the handlers by hand."""
    port = free_port()
    environ = os.environ | {"STRAIGHT_DATABASE": database, "STRAIGHT_BODY": "x", "STRAIGHT_SIZE": str(size)}
    command = [sys.executable, "-m", "gunicorn", "--workers", "2", "--threads", "4", "--bind", f"127.0.0.1:{port}"]
    with subprocess.Popen([*command, "straight_app:app"], env=environ, cwd=Path(__file__).parent) as process:
        rates = Rates(folder, f"http://127.0.0.1:{port}")
        try:
            subprocess.run(
                ["curl", "-s", "--retry", "20", "--retry-connrefused", f"http://127.0.0.1:{port}/static"],
                check=True,
                capture_output=True,
            )
            yield rates
        finally:
            process.terminate()


@contextmanager
def changing(database: str) -> Iterator[None]:
    """Move the version of every deposition again and again, so that each read finds it changed."""
    ended = threading.Event()

    def move() -> None:
        with pymysql.connect(host=mariadb.HOST, user=mariadb.USER, database=database, autocommit=True) as connection:
            while not ended.wait(0.2):
                connection.cursor().execute("UPDATE deposition SET version = version + 1")

    thread = threading.Thread(target=move)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def ours(site: Site, folder: Path, profile: str) -> Iterator[tuple[Server, Rates]]:
    """Serve with the service under a profile."""
    server = Server(site, profile)
    try:
        yield server, Rates(folder, server.address, server.secret)
    finally:
        server.stop()


def beside(work: Callable[[], float], by_hand: Callable[[], float]) -> dict[str, float]:
    """Measure ours and the one by hand by turns, so that a machine that is slow for a while is slow for both."""
    found = [(work(), by_hand()) for _ in range(TURNS)]
    rates, others = (statistics.median(column) for column in zip(*found, strict=True))
    return {"ours": round(rates), "by hand": round(others), "share": round(rates / others, 2)}


def tag_of(server: Server, path: str) -> str:
    """Give the tag of an answer as the server tells it."""
    request = urllib.request.Request(server.address + path, headers={"Authorization": f"Bearer {server.secret}"})  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - our own address
        return str(answer.headers["ETag"])


def fill(database: GuardedDatabase) -> None:
    for n in range(DEPOSITIONS):
        filled(database, f"D_{1_000_000_000 + n}", MESSAGES)


def database_alone(folder: Path, url: str, hand: Rates, site: Site) -> dict[str, dict[str, float]]:
    """Measure the service where the database answers alone."""
    one, by_hand = PATH % 1_000_000_000, "/depositions/D_%d/messages"
    with ours(site, folder, "db-only") as (server, rates):
        tag = f"If-None-Match: {tag_of(server, one)}"
        found = {
            "unchanged": beside(lambda: rates.get(one), lambda: hand.get("/static")),
            "not modified": beside(lambda: rates.get(one, tag), lambda: hand.get("/static")),
        }
        with changing(url.rpartition("/")[2]):
            found["changed"] = beside(lambda: rates.cycled(PATH), lambda: hand.cycled(by_hand))
        return found | {"post db-only": beside(lambda: rates.post(PATH), lambda: hand.post(by_hand))}


def both_stores(folder: Path, profile: str, hand: Rates) -> dict[str, float]:
    """Measure how many messages a second both stores take, once every deposition is there."""
    with mariadb.fresh_database() as url:
        site = make_site(folder / profile, url)
        site.initialise()
        with ours(site, folder, profile) as (_, rates):
            rates.post(PATH)
            return beside(lambda: rates.post(PATH), lambda: hand.post("/depositions/D_%d/messages"))


def main() -> None:
    """Print the figures as JSON: requests a second, and ours as a share of those by hand."""
    with tempfile.TemporaryDirectory() as name, mariadb.fresh_database() as url:
        folder = Path(name)
        site = make_site(folder / "site", url)
        site.initialise()
        fill(site.services("db-only").stores.database)
        size = len(site.client(site.app("db-only")).get(PATH % 1_000_000_000).data)
        with straight(folder, url.rpartition("/")[2], size) as hand:
            found = database_alone(folder, url, hand, site)
            found |= {f"post {profile}": both_stores(folder, profile, hand) for profile in DUAL}
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
