"""The Makefile: every target of the seed, each an alias, none of them masking a failure."""

import os
import re
import subprocess

import pytest
from support.command import DOWN
from support.make import ROOT, make
from support.site import DEPOSITION, Site

from service.cli.main import cli

LINES = (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()
TARGETS = [m[1] for line in LINES if (m := re.match(r"([a-z0-9-]+):(?! [A-Z]+ =)", line))]
#: Rows S27-S35, S42-S43 and S55-S89 of the seed. Those of commands that are made elsewhere are added with them.
_SEED = """
backend-info backend-cif-only backend-db-only backend-dual-write-cif-read backend-dual-write-db-read migration-phase-1
migration-phase-2 migration-phase-3 install install-dev test test-unit test-integration test-database test-coverage test-tox
validate validate-integration validate-config lint format check-format security docs serve-docs docs-check deploy deploy-dev
deploy-staging deploy-production feature-flags feature-flags-enable feature-flags-disable health status monitor dev-setup
dev-test dev-commit ci-test ci-deploy troubleshoot logs backup restore backend-migration-guide
"""
SEED = _SEED.split()


def test_every_target_of_the_seed_is_there_and_in_the_help() -> None:
    assert set(SEED) <= set(TARGETS)
    shown = re.findall(r"^  ([a-z0-9-]+) ", make("help").stdout, re.MULTILINE)
    assert sorted(shown) == sorted(TARGETS)


def test_no_recipe_masks_a_failure() -> None:
    recipes = [line[1:] for line in LINES if line.startswith("\t")]
    assert recipes
    for recipe in recipes:
        assert not recipe.startswith("-"), recipe
        assert "||" not in recipe, recipe
        assert ";" not in recipe or "awk" in recipe, recipe


def test_every_command_that_a_recipe_runs_is_one_of_msgmodule() -> None:
    used = {m[1] for line in LINES if (m := re.match(r"\t@?\$\(MSGMODULE\) ([a-z][a-z-]*)", line))}
    assert used
    assert used <= set(cli.commands)


@pytest.mark.parametrize("target", ["health", "status"])
def test_a_database_that_is_down_fails_the_target_and_is_named(site: Site, target: str) -> None:
    environ = Site(site.root, DOWN).environ("db-only")
    done = make(target, **environ)
    assert done.returncode != 0
    assert "the database does not answer" in done.stdout + done.stderr


def test_wrong_usage_of_a_target_fails_it(site: Site) -> None:
    environ = site.environ("cif-only")
    for arguments in (
        ("restore",),
        ("restore", "BACKUP=/nonexistent"),
        ("deploy",),
        ("feature-flags-enable",),
        ("deploy", "ENV=nowhere"),
    ):
        assert make(*arguments, **environ).returncode != 0, arguments


def test_a_target_switches_the_profile_and_the_next_but_one_is_refused(site: Site) -> None:
    site.app("cif-only")
    environ = site.environ("")
    del environ["MSGMODULE_ENV"]
    refused = make("backend-db-only", **environ)
    assert refused.returncode != 0
    assert "the next step on the way is dual-write-cif-read" in refused.stderr
    done = make("migration-phase-1", **environ)
    assert done.returncode == 0, done.stderr
    assert "to: dual-write-cif-read" in done.stdout
    assert "profile: dual-write-cif-read" in make("backend-info", **environ).stdout


def test_phase_1_says_what_is_still_to_be_copied_and_the_next_step(site: Site) -> None:
    client = site.client(site.app("cif-only"))
    for deposition in ("D_1000000001", "D_1000000002"):
        assert client.post(f"/api/v1/depositions/{deposition}/messages", json={"message_text": "t"}).status_code == 201
    environ = site.environ("")
    del environ["MSGMODULE_ENV"]
    done = make("migration-phase-1", **environ)
    assert done.returncode == 0, done.stderr
    assert "of the files' depositions, not imported: 2" in done.stdout
    assert "next: dual-write-db-read" in done.stdout
    assert "msgmodule import --all" in done.stdout


def test_the_guide_shows_the_step_ahead(site: Site) -> None:
    done = make("backend-migration-guide", **site.environ("dual-write-cif-read"))
    assert done.returncode == 0, done.stderr
    assert "next: dual-write-db-read" in done.stdout


@pytest.mark.parametrize("script", ["init_messaging_database.py", "migrate_cif_to_db.py", "validate_integration.py"])
def test_a_script_of_the_seed_is_the_command(script: str) -> None:
    done = subprocess.run(["python3", ROOT / "scripts" / script, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Usage: msgmodule ")


def test_the_scripts_run_as_the_seed_prints_them(legacy_site: Site) -> None:
    listed = legacy_site.root / "depositions.txt"
    listed.write_text(f"# the first ones\n\n{DEPOSITION}\n")
    stated = {"PATH": os.environ["PATH"]} | legacy_site.environ("dual-write-cif-read")
    for script, *arguments in (
        ("init_messaging_database.py", "--env", "development"),
        ("migrate_cif_to_db.py", "--deposition", DEPOSITION),
        ("migrate_cif_to_db.py", "--depositions-file", str(listed)),
        ("migrate_cif_to_db.py", "--directory", str(legacy_site.root / "data" / "archive")),
        ("validate_integration.py",),
    ):
        command = ["python3", f"scripts/{script}", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=stated, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    assert set(legacy_site.services("db-only").stores.database.recorded()) >= {DEPOSITION, "D_9000277853"}
