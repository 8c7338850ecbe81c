"""Programs that tests start; where one is missing the test is skipped with the reason, and in CI it fails."""

import os
import shutil

import pytest


def tool(name: str, package: str) -> str:
    """Give the path of a program of a Debian package."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if found is None:
        absent(f"{name} is not installed; install Debian's package {package}")
    return str(found)


def absent(reason: str) -> None:
    """Skip a test that lacks something; where CI runs, that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(f"CI needs it: {reason}")
    pytest.skip(reason)
