"""The targets that run tests: none passes without a test, with one that fails, or without the server that it wants."""

import sys
from pathlib import Path

import pytest
from support.make import ROOT, make, recipe

FAILS = "def test_it(): raise OSError\n\ndef test_another(): pass"
WANTS_A_SERVER = """
from support import mariadb
mariadb.PORT = 1
def test_it():
    with mariadb.fresh_database():
        pass
"""
TARGETS = ["test", "test-unit", "test-integration", "test-database"]


def pytest_of(folder: Path, code: str) -> str:
    """Give the variable that makes a target run the tests of a folder, of every mark, instead of ours."""
    marks = ["unit", "integration", "database"]
    lines = ["[pytest]", f"pythonpath = {ROOT / 'tests'}", "markers =", *(f"    {mark}: ours" for mark in marks)]
    (folder / "pytest.ini").write_text("\n".join(lines))
    marked = ", ".join(f"pytest.mark.{mark}" for mark in marks)
    (folder / "test_it.py").write_text(f"import pytest\npytestmark = [{marked}]\n{code}\n")
    return f"PYTEST={sys.executable} -m pytest -c {folder / 'pytest.ini'} {folder}"


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_fails_with_a_test_that_fails_and_with_none(target: str, tmp_path: Path) -> None:
    done = make(target, pytest_of(tmp_path, FAILS))
    assert done.returncode != 0
    assert "1 failed, 1 passed" in done.stdout
    done = make(target, pytest_of(tmp_path, ""))
    assert done.returncode != 0
    assert "no tests ran" in done.stdout


@pytest.mark.parametrize("target", ["test-integration", "test-database"])
def test_a_server_that_is_missing_is_named_and_no_reason_to_skip(target: str, tmp_path: Path) -> None:
    done = make(target, pytest_of(tmp_path, WANTS_A_SERVER), CI="")
    assert done.returncode != 0
    assert "CI needs MariaDB" in done.stdout


def test_the_whole_suite_is_what_test_runs() -> None:
    [command] = recipe("test")
    assert command.split()[:3] == [".venv/bin/python", "-m", "pytest"]
    assert {word for word in command.split()[3:] if word.startswith("-")} == {
        "--numprocesses",
        "--dist",
        "--no-loadscope-reorder",
    }
