"""File systems of a test's own, to fill up or make read-only."""

import subprocess

import pytest


def mount(*arguments: str) -> None:
    """Mount, or skip the test where that is not permitted."""
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mount is not permitted here: {done.stderr.strip()}")
