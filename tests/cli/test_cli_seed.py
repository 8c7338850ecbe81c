"""The commands that the seed's make targets stand for: what they show is what is, and what fails exits 1."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.command import DOWN, in_a_process, msgmodule
from support.dual import dual
from support.site import PROFILES, Site, make_site

from service.cli.main import cli


def test_backend_info_names_profile_primary_and_origins_and_what_is_behind(site: Site) -> None:
    done = msgmodule(site, "backend-info", "--json", profile="dual-write-db-read")
    body = json.loads(done.stdout)
    assert done.returncode == 0
    assert (body["profile"], body["primary"], body["selected_backend"]) == ("dual-write-db-read", "database", "dual")
    assert (body["origins"]["cif_root"], body["origins"]["breaker_fail_max"]) == ("environment", "default")
    assert body["behind"] == []
    assert body["origins"]["profile"] == "environment"
    assert body["database_config"]["note"] == "embedded, one machine only"


def test_backend_info_says_that_the_active_profile_is_the_switched_one(site: Site) -> None:
    site.app("cif-only")
    body = json.loads(msgmodule(site, "backend-info", "--json", profile="dual-write-cif-read").stdout)
    assert (body["profile"], body["origins"]["profile"]) == ("cif-only", str(site.root / "state" / "profile.json"))


def test_backend_info_does_not_guess_what_is_behind_while_the_database_is_down(site: Site) -> None:
    down = Site(site.root, DOWN)
    assert dual(down, "dual-write-cif-read").append("m").stores["database"] == "behind"
    body = json.loads(msgmodule(down, "backend-info", "--json", profile="dual-write-cif-read").stdout)
    assert body["behind"].startswith("unknown: the database does not answer")


def test_backend_info_shows_the_refusal_and_exits_2(site: Site) -> None:
    done = in_a_process(site, "backend-info", profile="", MSGDB_WRITES_ENABLED="true")
    assert done.returncode == 2
    assert "no store may be read" in done.stderr


@pytest.mark.parametrize("profile", PROFILES)
def test_the_flags_are_those_of_the_active_profile(site: Site, profile: str) -> None:
    body = json.loads(msgmodule(site, "feature-flags", "--json", profile=profile).stdout)
    writes = site.settings(profile).profile.writes
    assert body["database_writes_enabled"].startswith("enabled" if "database" in writes else "disabled")
    assert body["cif_writes_enabled"].startswith("enabled" if "cif" in writes else "disabled")
    assert body["circuit_breaker"] == "enabled (default)"


def test_a_flag_is_a_guarded_switch_of_the_profile(site: Site) -> None:
    site.app("cif-only")
    done = msgmodule(site, "feature-flags", "enable", "database_writes_enabled", "--reason", "begin")
    assert done.returncode == 0, done.stderr
    assert "cif-only -> dual-write-cif-read, epoch 2" in done.stdout
    for flag in ("database_writes", "MSGCIF_READS_ENABLED"):
        assert "as it was" in msgmodule(site, "feature-flags", "enable", flag).stdout
    audit = (site.root / "state" / "audit.jsonl").read_text()
    assert "feature flag database_writes_enabled enabled: begin" in audit


def test_a_flag_that_leads_to_no_profile_is_refused_and_changes_nothing(site: Site) -> None:
    site.app("cif-only")
    for change, flag in (("disable", "cif_writes"), ("enable", "database_reads"), ("enable", "nonsense")):
        done = msgmodule(site, "feature-flags", change, flag)
        assert (done.returncode, done.stdout) == (2, ""), flag
    assert json.loads(msgmodule(site, "profile", "show", "--json").stdout)["epoch"] == 1


def test_a_feature_is_kept_and_shown_and_followed_by_who_starts_next(site: Site) -> None:
    assert msgmodule(site, "feature-flags", "disable", "circuit_breaker", "--reason", "a drill").returncode == 0
    line = json.loads((site.root / "state" / "audit.jsonl").read_text().splitlines()[-1])
    assert (line["event"], line["to"], line["reason"]) == ("feature", "circuit_breaker off", "a drill")
    body = json.loads(msgmodule(site, "feature-flags", "--json").stdout)
    assert body["circuit_breaker"] == f"disabled ({site.root}/state/features.json)"
    assert site.services("cif-only").stores.database.guard is None
    assert msgmodule(site, "feature-flags", "enable", "circuit_breaker").returncode == 0
    assert site.services("cif-only").stores.database.guard is not None
    stated = msgmodule(site, "feature-flags", "enable", "circuit_breaker", MSGMODULE_CIRCUIT_BREAKER="false")
    assert stated.returncode == 2
    assert "MSGMODULE_CIRCUIT_BREAKER" in stated.stderr


def test_the_monitor_says_a_line_a_round_and_fails_with_its_round(site: Site) -> None:
    done = msgmodule(site, "monitor", "--once", profile="dual-write-db-read")
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 1)
    assert " ok dual-write-db-read epoch 0" in done.stdout
    for option in ("--once", "--fail-fast"):
        failed = msgmodule(Site(site.root, DOWN), "monitor", option, profile="dual-write-db-read")
        assert failed.returncode == 1
        assert "FAIL dual-write-db-read epoch 0 database_" in failed.stdout
    told = msgmodule(Site(site.root, DOWN), "monitor", "--once", "--json", profile="dual-write-db-read").stdout.splitlines()
    (round_,) = map(json.loads, told)
    assert (round_["ok"], round_["profile"]) == (False, "dual-write-db-read")
    assert next(check["name"] for check in round_["checks"] if not check["ok"]).startswith("database_")


def test_the_log_is_shown_or_its_path_is_named(site: Site) -> None:
    done = msgmodule(site, "logs")
    assert (done.returncode, done.stdout) == (1, "")
    assert str(site.root / "messaging.log") in done.stderr
    log = site.root / "messaging.log"
    log.write_text("".join(f'{{"n": {n}}}\n' for n in range(100)))
    assert msgmodule(site, "logs", "--lines", "2").stdout.splitlines() == ['{"n": 98}', '{"n": 99}']


def test_validation_uses_the_stores_and_leaves_nothing(database_url: str, tmp_path: Path) -> None:
    site = make_site(tmp_path, database_url)
    site.initialise()
    before = site.files()
    done = msgmodule(site, "validate", "--config", "--integration", "--json", profile="dual-write-db-read")
    told = json.loads(done.stdout)
    assert told["cif_root"].startswith("good")
    checks = {c["name"]: c for c in told["checks"]}
    assert {name: c["verdict"] for name, c in checks.items()} == dict.fromkeys(
        ("backend_selection", "cif_backend", "database_backend", "test_suite"), "PASS"
    ), checks
    assert done.returncode == 0
    assert site.files() == before
    assert not list((tmp_path / "data" / "archive").iterdir())
    assert site.services("db-only").stores.database.behind() == ()


def test_validation_with_a_broken_store_exits_1_and_names_it(site: Site) -> None:
    done = in_a_process(Site(site.root, DOWN), "validate", "--integration", profile="db-only", PATH=os.environ["PATH"])
    assert done.returncode == 1
    assert "FAIL    database_backend: the database does not answer" in done.stdout
    unused = in_a_process(Site(site.root, DOWN), "validate", "--integration", profile="cif-only", PATH=os.environ["PATH"])
    assert (unused.returncode, "FAIL    database_backend" in unused.stdout) == (1, True)
    (site.root / "data" / "archive").rmdir()
    for profile in ("cif-only", "db-only"):
        done = msgmodule(site, "validate", "--integration", profile=profile)
        assert done.returncode == 1
        assert "FAIL    cif_backend" in done.stdout


def test_validation_leaves_out_a_database_that_nobody_named_and_the_files_do_not_need(site: Site) -> None:
    environ = {"PATH": os.environ["PATH"]} | site.environ("cif-only")
    del environ["MSGMODULE_DATABASE_URL"]
    command = [str(Path(sys.executable).with_name("msgmodule")), "validate", "--integration"]
    done = subprocess.run(command, env=environ, cwd=site.root, capture_output=True, text=True, check=False)
    assert (done.returncode, "database_backend" in done.stdout) == (0, False), done.stdout


def test_a_tree_that_is_not_there_is_said_to_be_missing(site: Site) -> None:
    site.archive.rmdir()
    done = msgmodule(site, "validate", "--config")
    assert (done.returncode, "cif_root: good (environment), but there is no folder archive" in done.stdout) == (0, True)


def test_the_configuration_is_checked_as_it_would_be_used(site: Site, tmp_path: Path) -> None:
    done = msgmodule(site, "validate", "--config")
    assert done.returncode == 0
    assert "profiles: cif-only, dual-write-cif-read, dual-write-db-read, db-only" in done.stdout
    assert msgmodule(site, "validate").returncode == 2
    assert msgmodule(site, "validate", "--integration", "--env-file", __file__).returncode == 2
    stated = tmp_path / "messaging.env"
    stated.write_text(
        "# phase 1\nexport MSGDB_WRITES_ENABLED=true\nMSGCIF_WRITES_ENABLED='true'\n\nMSGCIF_READS_ENABLED=ture\n"
    )
    done = msgmodule(site, "validate", "--config", "--env-file", str(stated))
    assert done.returncode == 2
    assert "MSGCIF_READS_ENABLED='ture' is refused" in done.stderr
    stated.write_text(stated.read_text().replace("ture", "true"))
    assert msgmodule(site, "validate", "--config", "--env-file", str(stated)).returncode == 0
    stated.write_text("hunter2\n")
    done = msgmodule(site, "validate", "--config", "--env-file", str(stated))
    assert (done.returncode, "hunter2" in done.stderr) == (2, False)
    stated.write_bytes(b"MSGMODULE_SITE_ID=\xe9\n")
    done = msgmodule(site, "validate", "--config", "--env-file", str(stated))
    assert (done.returncode, f"{stated} cannot be read" in done.stderr) == (2, True)


def test_a_site_is_stamped_once_and_another_kind_is_refused(tmp_path: Path) -> None:
    site = make_site(tmp_path, f"sqlite:///{tmp_path}/messages.db")
    assert msgmodule(site, "db", "init", "--verify-only").returncode == 1
    assert msgmodule(site, "db", "init", "--env", "staging").returncode == 0
    assert msgmodule(site, "db", "init", "--env", "staging", "--verify-only").returncode == 0
    done = msgmodule(site, "db", "init", "--env", "production")
    assert done.returncode == 1
    assert "this site is staging" in done.stderr


def test_a_deployment_is_refused_before_anything_is_done(site: Site, tmp_path: Path) -> None:
    target = ("--target", str(tmp_path / "venv"), "--restart", "true", "--url", "http://127.0.0.1:1")
    wrong = [(*target[:-1], url) for url in ("127.0.0.1:1", "http://127.0.0.1:80x", "http://", "http://[::1")]
    wrong += [(*target[:3], command, *target[4:]) for command in ("", "touch 'x", "no-such-command x")]
    for arguments in ((), ("somewhere",), ("production", *target), ("staging",), *(("staging", *one) for one in wrong)):
        for more in ((), ("--check",)):
            assert msgmodule(site, "deploy", *arguments, *more).returncode == 2, arguments
    assert msgmodule(site, "deploy", "staging", *target, "--check").returncode == 0
    assert not (tmp_path / "venv").exists()
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "python").symlink_to("/bin/false")
    done = msgmodule(site, "deploy", "staging", *target)
    assert done.returncode == 1
    assert "requirements failed; nothing behind it was done" in done.stderr


def test_every_command_has_a_help_of_its_own() -> None:
    for name, command in cli.commands.items():
        assert command.help, name
