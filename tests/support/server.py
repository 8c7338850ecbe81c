"""A service of two workers under gunicorn, in processes of its own, as `msgmodule run` starts it."""

import json
import os
import re
import socket
import subprocess
import sys
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Any

from support.site import Site


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Server:
    """A service of two workers in a process of its own."""

    def __init__(self, site: Site, profile: str, **more: str) -> None:
        self.site = site
        self.secret = site.token()
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        folder = site.root / f"run-{port}"
        folder.mkdir(exist_ok=True)
        self.log = (folder / "log").open("w")
        self.process = subprocess.Popen(
            [Path(sys.executable).with_name("msgmodule"), "run", "--port", str(port), "--workers", "2"],
            env={"PATH": os.environ["PATH"], "TMPDIR": str(folder)} | site.environ(profile, **more),
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        assert said.rstrip().endswith("ready"), f"{said}{(folder / 'log').read_text()}"

    def ask(self, path: str, body: dict[str, Any] | None = None) -> str:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.secret}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.address + path, data, headers)  # noqa: S310 - our own address
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - our own address
            return str(answer.read().decode())

    def workers(self) -> dict[int, int]:
        """Give the epoch of each worker, by its process."""
        return {w["pid"]: w["epoch"] for w in json.loads(self.ask("/admin/profile"))["workers"]}

    def processes(self) -> list[int]:
        """Give the processes of the workers."""
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def metric(self, name: str) -> float:
        found = re.search(rf"^{re.escape(name)} (\S+)$", self.ask("/admin/metrics"), re.MULTILINE)
        return float(found[1]) if found else 0.0

    def metric_when_up(self, name: str) -> float:
        """Give a metric as the first scrape that is answered tells it."""
        while True:
            try:
                return self.metric(name)
            except (OSError, HTTPException):  # no worker yet, or one that is going
                continue

    def stop(self) -> int:
        self.process.terminate()
        self.log.close()
        code = self.process.wait(timeout=60)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code
