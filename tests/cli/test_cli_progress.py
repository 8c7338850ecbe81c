"""How far a long command is: a bar on a terminal, plain lines where there is none, and nothing of it on stdout."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.command import msgmodule
from support.site import Site


@pytest.fixture
def imported(legacy_site: Site) -> Site:
    """The real files, in both stores."""
    legacy_site.import_all()
    return legacy_site


@pytest.mark.parametrize("command", ["import --all", "verify --all", "export --all", "backup {}/kept"])
def test_a_long_command_tells_on_stderr_how_far_it_is(imported: Site, command: str) -> None:
    done = msgmodule(imported, *command.format(imported.root).split())
    assert done.returncode == 0
    assert re.search(r": \d+( of \d+)?, \d+\.\d/s", done.stderr)
    assert not re.search(r"\d/s", done.stdout)


def test_a_terminal_sees_a_bar_with_its_rate_up_to_the_end(imported: Site) -> None:
    seen = on_a_terminal(imported, "verify", "--all")
    assert re.search(r"verify ━+ 2/2 \d+\.\d/s 0:00:00", seen)


def on_a_terminal(site: Site, *arguments: str) -> str:
    """Run the command with stderr on a terminal of 120 columns; give what that showed."""
    ours, theirs = pty.openpty()
    command = [str(Path(sys.executable).with_name("msgmodule")), *arguments]
    environ = {"PATH": os.environ["PATH"], "TERM": "xterm", "COLUMNS": "120"} | site.environ("cif-only")
    with subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=theirs) as process:
        os.close(theirs)
        seen = b""
        while chunk := _read(ours):
            seen += chunk
        assert process.wait() == 0
    os.close(ours)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode())  # without colours and moves


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # the other end is closed
        return b""
