"""The examples of the manual, run as printed: those of the command here, those in Python in a process of their own."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from support import mariadb
from support.command import msgmodule
from support.site import Site

ROOT = Path(__file__).parents[2]
COMMAND = ".venv/bin/msgmodule "


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", ["profiles", "migration", "deployment", "security"])
def test_every_command_of_a_page_does_what_it_should_in_that_order(legacy_site: Site, page: str) -> None:
    msgmodule(legacy_site, "demo")
    assert legacy_site.services("cif-only").switching.start().epoch == 1
    lines = [line for block in blocks(f"docs/{page}.md", "sh") for line in block.splitlines()]
    assert lines
    for line in lines:
        assert line.startswith(COMMAND), line
        done = msgmodule(legacy_site, *shlex.split(line)[1:])
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"


def test_the_python_examples_run(site: Site) -> None:
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | site.environ("dual-write-cif-read")
    for block in blocks("docs/python.md", "python"):
        done = subprocess.run([sys.executable, "-c", block], env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert [m.message_text for m in site.services("cif-only").stores.cif.read("D_1000000001").correspondence.messages] == [
        "1.7 Å",
        "as agreed",
    ]


@pytest.mark.mariadb
def test_the_readme_sets_up_a_server_as_printed(tmp_path: Path) -> None:
    [block] = [b for b in blocks("README.md", "sh") if "MSGMODULE_DATABASE_URL" in b]
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    with mariadb.fresh_database(exists=False) as url:
        script = block.replace("mysql://messaging:secret@db.example.org/messaging", url)
        environ = {"PATH": os.environ["PATH"], "MSGMODULE_STATE_DIR": str(tmp_path / "state")}
        done = subprocess.run(
            ["bash", "-euc", script], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr
    assert "current: True" in done.stdout
