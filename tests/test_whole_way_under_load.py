"""The whole way there and back under load, every step by its command: no client sees an error or a stale answer."""

import json
import os
import random
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from generate_archive import Odd, generate
from support import legacy, mariadb
from support.command import in_a_process
from support.site import Site, make_site

COUNT, WRITTEN, CLIENTS = 30, 6, 4
KINDS = ("messages-to-depositor", "messages-from-depositor", "notes-from-annotator")


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Site]:
    with mariadb.fresh_database() as url:
        made = make_site(tmp_path, url)
        generate(tmp_path / "data", COUNT, odd=Odd(0, 30))
        made.initialise()
        yield made


@contextmanager
def served(site: Site) -> Iterator[str]:
    """Serve a site in two processes, and give its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [str(Path(sys.executable).with_name("msgmodule")), "run", "--port", port, "--workers", "2"]
    environ = {"PATH": os.environ["PATH"], "TMPDIR": str(site.root)} | site.environ("cif-only", MSGMODULE_LOCK_TIMEOUT="10")
    with (site.root / "server.log").open("w") as log:
        process = subprocess.Popen(command, env=environ, cwd=site.root, stdout=subprocess.PIPE, stderr=log, text=True)
    assert process.stdout is not None
    try:
        assert "ready" in process.stdout.readline(), (site.root / "server.log").read_text()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate()


@dataclass
class Client:
    """Send messages to its depositions, and look for all of its own in every answer."""

    name: str
    url: str
    token: str
    keys: list[str]
    over: threading.Event
    sent: dict[str, list[str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def run(self) -> None:
        rng = random.Random(self.name)  # noqa: S311 - no secret
        try:
            while not self.over.wait(0.02):
                self._write_and_read(rng.choice(self.keys))
        except Exception as error:  # noqa: BLE001 - told by the test
            self.wrong.append(repr(error))

    def _write_and_read(self, key: str) -> None:
        mine = self.sent.setdefault(key, [])
        message_id = f"{self.name}-{len(mine)}"
        path = f"/api/v1/depositions/{key}/messages"
        self._call(path, {"message_id": message_id, "message_text": "Å", "content_type": KINDS[len(mine) % 3]})
        mine.append(message_id)
        found = self._call(f"{path}?limit=1000")
        missing = set(mine) - {m["message_id"] for m in found["messages"]}
        if missing:
            self.wrong.append(f"{found['served_by']} answered without {sorted(missing)}")

    def _call(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(self.url + path, data, headers)  # noqa: S310 - our own server
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            found: dict[str, Any] = json.loads(answer.read())
        return found


def run(site: Site, *command: str) -> str:
    done = in_a_process(site, *command)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout + done.stderr


def switch(site: Site, to: str) -> str:
    return run(site, "profile", "switch", to, "--reason", "the next step")


@pytest.mark.mariadb
def test_clients_never_notice_the_way_there_and_back(archive: Site) -> None:
    keys = sorted(path.name for path in archive.archive.iterdir())
    over, token = threading.Event(), archive.token()
    with served(archive) as url:
        clients = [Client(f"client-{n}", url, token, keys[:WRITTEN], over) for n in range(CLIENTS)]
        threads = [threading.Thread(target=client.run) for client in clients]
        for thread in threads:
            thread.start()
        switch(archive, "dual-write-cif-read")
        run(archive, "import", "--all", "--workers", "2")
        run(archive, "verify", "--all")
        switch(archive, "dual-write-db-read")
        run(archive, "verify", "--all")
        untouched = stats(archive, keys[WRITTEN:])
        switch(archive, "db-only")
        sent = sum(len(ids) for client in clients for ids in client.sent.values())
        run(archive, "verify", "--deposition", keys[-1])
        assert "export:" in switch(archive, "dual-write-db-read")
        assert sum(len(ids) for client in clients for ids in client.sent.values()) > sent
        assert stats(archive, keys[WRITTEN:]) == untouched
        run(archive, "verify", "--all")
        switch(archive, "dual-write-cif-read")
        over.set()
        for thread in threads:
            thread.join()
        run(archive, "verify", "--all")
        switch(archive, "cif-only")
    assert [client.wrong for client in clients] == [[] for _ in clients]
    for key in keys[:WRITTEN]:
        in_files = {row["message_id"] for kind in KINDS for row in legacy.rows(archive.file(key, kind))}
        assert {i for client in clients for i in client.sent.get(key, ())} <= in_files
    assert not (archive.root / "state" / "conflicts.jsonl").exists()


def stats(site: Site, keys: list[str]) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for key in keys for path in (site.archive / key).glob("*.V1")}
