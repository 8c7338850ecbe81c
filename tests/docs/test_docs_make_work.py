"""What the targets of development and deployment do, in which order, and that what is found wrong fails them."""

import os
import re
import shutil
import signal
import socket
import subprocess
import urllib.request
from pathlib import Path

import pytest
from support.command import DOWN
from support.make import ROOT, environ, make, recipe
from support.site import Site

SUITE, QUICK, VALIDATION = "-m pytest --numprocesses", "-m pytest -m unit", "validate --integration"
CI = ["pip install", SUITE, VALIDATION, "ruff check", "mypy", "bandit", "deploy/audit.py"]


@pytest.mark.parametrize(
    ("arguments", "steps"),
    [
        (("deploy-dev",), ["msgmodule deploy development"]),
        (("deploy-staging",), [*CI[1:], "msgmodule deploy staging"]),
        (("deploy-production", "CONFIRM=yes"), [*CI[1:], "msgmodule backup", "msgmodule deploy production"]),
        (("dev-test",), [QUICK, "-m pytest tests/storage/cif/test_cif_store.py", "validate --config"]),
        (("dev-commit",), ["ruff format --check", "ruff check", "mypy", QUICK, "CI=true", "-m database"]),
        (("ci-test", "-W", "requirements-dev.lock"), CI),
        (("ci-deploy", "ENV=staging", "-W", "requirements-dev.lock"), [*CI, "msgmodule deploy staging"]),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_target_does_each_of_its_steps_once_and_in_order(arguments: tuple[str, ...], steps: list[str]) -> None:
    ran = recipe(*arguments)
    places = [[n for n, line in enumerate(ran) if step in line] for step in steps]
    assert all(len(found) == 1 for found in places), dict(zip(steps, places, strict=True))
    assert [found[0] for found in places] == sorted(found[0] for found in places), ran


def test_a_deployment_without_its_arguments_is_refused_before_the_tests() -> None:
    where = ("TARGET=/nonexistent", "RESTART=true", "URL=http://127.0.0.1:1")
    for arguments, remedy in (
        (("deploy-staging", *where[:2]), "Missing option '--url'"),
        (("ci-deploy", "ENV=staging", *where[1:]), "Missing option '--target'"),
        (("deploy-production", *where), "CONFIRM=yes with make"),
    ):
        done = make(*arguments)
        assert (done.returncode, "pytest" in done.stdout, remedy in done.stderr) == (2, False, True), done


def test_production_is_confirmed_by_its_word_alone() -> None:
    for given, confirmed in (("CONFIRM=yes", True), ("CONFIRM=y", False), ("CONFIRM=", False)):
        assert (" --confirm" in recipe("deploy-production", given)[-1]) is confirmed
        assert (" --confirm" in recipe("restore", "BACKUP=x", given)[-1]) is confirmed


def test_a_developer_gets_a_database_and_checked_settings(tmp_path: Path) -> None:
    site = Site(tmp_path, f"sqlite:///{tmp_path}/messages.db")
    done = make("dev-setup", **site.environ("cif-only"))
    assert done.returncode == 0, done.stderr
    assert "profiles: cif-only, " in done.stdout
    assert "current: True" in done.stdout
    assert make("dev-setup", **site.environ("cif-only", MSGMODULE_LOCK_TIMEOUT="soon")).returncode != 0


def test_a_broken_store_fails_the_validation_and_is_named_and_the_rest_is_looked_at(site: Site) -> None:
    done = make("validate", **Site(site.root, DOWN).environ("db-only"))
    assert done.returncode != 0
    assert "FAIL    database_backend: the database does not answer" in done.stdout
    assert "validate-integration] Error 1" in done.stderr
    assert "no issues found" in done.stdout
    assert "bandit" in done.stdout


def test_what_is_no_backup_and_what_is_restored_over_data_exit_1(site: Site, tmp_path: Path) -> None:
    stated = site.environ("cif-only")
    site.services("cif-only").switching.start()
    done = make("restore", "BACKUP=/nonexistent", **stated)
    assert "restore] Error 1" in done.stderr
    assert "/nonexistent" in done.stderr
    backup = f"BACKUP={tmp_path / 'backup'}"
    assert make("backup", backup, **stated).returncode == 0
    assert "restore] Error 1" in make("restore", backup, **stated).stderr
    assert "restore] Error 2" in make("restore", **stated).stderr
    done = make("restore", backup, "CONFIRM=yes", **stated)
    assert done.returncode == 0, done.stderr


def test_a_weakness_in_the_code_fails_the_look_for_them(tmp_path: Path) -> None:
    weak = tmp_path / "weak.py"
    weak.write_text("import subprocess\nsubprocess.call(input(), shell=True)\n")
    done = make("security", f"CODE={weak}")
    assert done.returncode != 0
    assert "B602" in done.stdout


def test_the_manual_is_served_on_this_machine_where_it_says() -> None:
    page = ROOT / "var" / "manual" / "served.txt"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("served")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = ["make", "--assume-old=docs", "serve-docs", f"MANUAL_PORT={port}"]
    serving = subprocess.Popen(command, cwd=ROOT, env=environ(), stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert serving.stdout is not None
        url = next(found[0] for line in serving.stdout if (found := re.findall(r"http://127\.0\.0\.1:\d+/", line)))
        with urllib.request.urlopen(f"{url}served.txt") as answer:  # noqa: S310 - http, as matched above
            assert answer.read() == b"served"
    finally:
        os.killpg(serving.pid, signal.SIGTERM)
        serving.communicate()
        page.unlink()


def test_a_failing_suite_ends_the_run_of_ci(tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("apt-get", "mariadbd", "mariadb-admin", "npm", "promtool", "chromium", "hey"):
        (tools / tool).write_text("#!/bin/sh\n")
        (tools / tool).chmod(0o755)
    (tmp_path / ".ci").mkdir()
    shutil.copy2(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    for suite, passes in (("true", True), ("false", False)):
        (tmp_path / "Makefile").write_text(f"install-dev axe: ;\ntest: ; {suite}\n")
        found = {"PATH": f"{tools}:{os.environ['PATH']}"}
        done = subprocess.run([tmp_path / ".ci" / "run"], env=found, capture_output=True, check=False)
        assert (done.returncode == 0) is passes, done.stderr
