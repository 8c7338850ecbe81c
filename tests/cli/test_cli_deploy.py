"""`msgmodule deploy`: the steps in their order, ended by the answer of the running service."""

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from support.command import msgmodule
from support.site import Site

#: Stands for the interpreter of the target, and notes what pip is asked; a wheel appears where one is to be built.
PYTHON = """#!/bin/sh
echo "$@" >> {notes}
for word; do
    if [ "$before" = --wheel-dir ]; then touch "$word/messaging.whl"; fi
    before=$word
done
"""


class Ready(BaseHTTPRequestHandler):
    #: What is answered to one question after the other, the last one to all that follow.
    statuses: tuple[int, ...] = (200,)
    body = json.dumps({"profile": "cif-only"})

    def do_GET(self) -> None:
        status, *later = self.statuses
        type(self).statuses = tuple(later) or self.statuses
        self.send_response(status if self.path == "/readyz" else 404)
        self.end_headers()
        self.wfile.write(self.body.encode())

    def log_message(self, format: str, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    handler = type("Handler", (Ready,), {"statuses": getattr(request, "param", (200,))})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "venv" / "bin"
    folder.mkdir(parents=True)
    (folder / "python").write_text(PYTHON.format(notes=tmp_path / "notes"))
    (folder / "python").chmod(0o755)
    (folder / "msgmodule").symlink_to(Path(sys.executable).with_name("msgmodule"))
    return folder.parent


def deploy(site: Site, target: Path, url: str, *more: str) -> tuple[int, str, str]:
    (site.root / "restarted").unlink(missing_ok=True)
    restart = f"touch {site.root / 'restarted'}"
    done = msgmodule(site, "deploy", "staging", "--target", str(target), "--restart", restart, "--url", url, *more)
    return done.returncode, done.stdout, done.stderr


def test_every_step_is_made_and_the_running_service_is_asked(
    site: Site, target: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in site.environ("cif-only").items():
        monkeypatch.setenv(name, value)  # the schema is brought up by a process of its own
    code, out, err = deploy(site, target, url)
    assert code == 0, err
    steps = [line.split(":")[0] for line in out.splitlines() if ": " in line]
    assert [s for s in steps if s in ("requirements", "build", "install", "schema", "restart", "health", "way back")] == [
        "requirements",
        "build",
        "install",
        "schema",
        "restart",
        "health",
        "way back",
    ]
    assert "health: ready under cif-only" in out
    assert (site.root / "restarted").exists()
    assert (site.root / "state" / "environment").read_text() == "staging\n"
    assert "messaging.whl" in (site.root / "notes").read_text()


@pytest.mark.parametrize("url", [(503, 503, 200)], indirect=True)
def test_a_service_that_takes_a_moment_to_be_ready_is_waited_for(
    site: Site, target: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in site.environ("cif-only").items():
        monkeypatch.setenv(name, value)
    code, out, err = deploy(site, target, url)
    assert code == 0, err
    assert "health: ready under cif-only" in out


@pytest.mark.parametrize("url", [(503,), (404, 200)], indirect=True)
def test_a_service_that_is_not_ready_afterwards_is_a_failure(
    site: Site, target: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in site.environ("cif-only").items():
        monkeypatch.setenv(name, value)
    code, _, err = deploy(site, target, url, "--wait", "1")
    assert code == 1
    assert "the service is not ready" in err


def test_an_answer_of_something_else_is_no_service_that_is_ready(
    site: Site, target: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in site.environ("cif-only").items():
        monkeypatch.setenv(name, value)
    for body in ("<html>It works!</html>", "[]", "{}"):
        monkeypatch.setattr(Ready, "body", body)
        code, _, err = deploy(site, target, url)
        assert (code, "the answer is not that of this service" in err) == (1, True)
