"""A newcomer's path: `make run`, then README and tutorial as they are printed, through the four phases and back."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support import legacy

ROOT = Path(__file__).parents[2]
PLACES = {
    "MSGMODULE_CIF_ROOT": "var/data",
    "MSGMODULE_STATE_DIR": "var/state",
    "MSGMODULE_DATABASE_URL": "sqlite:///var/messages.db",
    "MSGMODULE_LOG_FILE": "var/messaging.log",
}

#: The one step that is no request.
VERIFY = ".venv/bin/msgmodule verify --all"


def shell_blocks(page: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def checkout(root: Path) -> None:
    """Make a directory that looks as a checkout after `make install`, so that nothing is installed again."""
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy2(ROOT / name, root / name)
    (root / ".venv").symlink_to(ROOT / ".venv")


@contextmanager
def made_run(root: Path) -> Iterator[int]:
    """Serve by `make run` on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = ["make", "-o", ".venv/installed", "run", f"PORT={port}", "WORKERS=1"]
    environ = {"PATH": os.environ["PATH"], "HOME": str(root)} | PLACES
    with (root / "served").open("w+") as out:
        served = subprocess.Popen(
            command, cwd=root, env=environ, stdout=subprocess.PIPE, stderr=out, text=True, start_new_session=True
        )
        try:
            assert served.stdout is not None
            lines = iter(served.stdout.readline, "")
            assert any(" ready" in line for line in lines), (root / "served").read_text()
            yield port
        finally:
            os.killpg(served.pid, signal.SIGTERM)
            served.communicate()


def commands_but_requests(blocks: list[str]) -> list[str]:
    """Give the commands of a path that are not `curl`: what a newcomer cannot do by requests alone."""
    return [line for block in blocks for line in block.splitlines() if line.startswith((".venv/", "make"))]


def run(root: Path, port: int, blocks: list[str]) -> str:
    script = "\n".join(blocks).replace(":8000", f":{port}")
    environ = {"PATH": os.environ["PATH"]} | PLACES
    done = subprocess.run(["bash", "-euc", script], cwd=root, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_tutorial_leads_through_the_four_phases_and_back(tmp_path: Path) -> None:
    first, *rest = shell_blocks("docs/tutorial.md")
    assert first == "make run\n"
    checkout(tmp_path)
    assert commands_but_requests(rest) == [VERIFY]
    with made_run(tmp_path) as port:
        said = run(tmp_path, port, rest)
    answers = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    served = [a["served_by"] for a in answers if "served_by" in a]
    assert served == ["cif", "cif", "database", "database", "cif"]
    [ahead] = [a["checks"] for a in answers if "checks" in a]
    assert [check["name"] for check in ahead if not check["ok"]] == ["verified"]
    assert (answers[-1]["profile"], answers[-1]["epoch"]) == ("cif-only", 7)
    [path] = (tmp_path / "var/data/archive").glob("*/*_messages-to-depositor_P1.cif.V1")
    texts = [row["message_text"] for row in legacy.rows(path)]
    assert texts[1:] == ["in-cif-only Å", "in-phase-1 Å", "in-phase-2 Å", "in-phase-3 Å"]


def test_the_readme_leads_through_the_four_phases_and_back(tmp_path: Path) -> None:
    commands, *rest = shell_blocks("README.md")
    assert [line.split("  ")[0].strip() for line in commands.splitlines()] == ["make run", "make test"]
    checkout(tmp_path)
    path = [block for block in rest if "TOKEN=" in block]
    assert commands_but_requests(path) == [VERIFY]
    with made_run(tmp_path) as port:
        said = run(tmp_path, port, path)
    answers = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    there = ["dual-write-cif-read", "dual-write-db-read", "db-only"]
    assert [a["profile"] for a in answers if "profile" in a] == [*there, *reversed(there[:-1]), "cif-only"]
    assert [a["stores"] for a in answers if "stores" in a] == [{"cif": "written", "database": "written"}]
