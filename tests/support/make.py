"""The Makefile as tests run it, without what a `make` around the tests hands on."""

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def environ(**more: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("MAKE")} | more


def make(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Make targets in this checkout; a variable of the Makefile is an argument, one of the environment a keyword."""
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environ(**more), capture_output=True, text=True, check=False)


def recipe(*arguments: str) -> list[str]:
    """Give the commands that making targets would run, in their order."""
    done = make("--dry-run", *arguments)
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if re.match(r"\S*\.venv/bin/|CI=true ", line)]
