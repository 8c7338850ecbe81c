"""The systemd units: systemd takes them, what they start is there, and the checklist of a site names every one to enable."""

import configparser
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from support.command import msgmodule
from support.site import Site
from support.tools import tool

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "deploy" / "systemd").iterdir())
TIMERS = [unit for unit in UNITS if unit.suffix == ".timer"]
PROGRAMS = "/opt/messaging/.venv/bin"


def read(unit: Path) -> configparser.ConfigParser:
    parsed = configparser.ConfigParser(strict=False, interpolation=None)
    parsed.optionxform = str  # type: ignore[assignment,method-assign]
    parsed.read(unit)
    return parsed


def name_of(unit: Path) -> str:
    return unit.name


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    for unit in UNITS:
        text = unit.read_text().replace(PROGRAMS, str(Path(sys.executable).parent)).replace("/opt/messaging", str(ROOT))
        (tmp_path / unit.name).write_text(text)
    command = [tool("systemd-analyze", "systemd"), "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    complaints = [line for line in done.stderr.splitlines() if str(tmp_path) in line or "messaging" in line]
    assert (done.returncode, complaints) == (0, [])


@pytest.mark.parametrize("timer", TIMERS, ids=name_of)
def test_a_timer_starts_a_command_that_there_is(site: Site, timer: Path) -> None:
    service = read(timer.with_suffix(".service"))["Service"]
    program, *arguments = shlex.split(service["ExecStart"])
    assert program == f"{PROGRAMS}/msgmodule"
    assert service["Type"] == "oneshot"
    done = msgmodule(site, *arguments, profile="dual-write-cif-read")
    assert done.returncode != 2, done.stderr


def test_the_verify_of_the_night_runs_where_both_stores_are_written_and_is_skipped_elsewhere(site: Site) -> None:
    service = read(ROOT / "deploy" / "systemd" / "messaging-verify.service")["Service"]
    condition = shlex.split(service["ExecCondition"].replace(PROGRAMS, str(Path(sys.executable).parent)))
    codes = {}
    for profile in ("cif-only", "dual-write-cif-read", "dual-write-db-read", "db-only"):
        (site.root / "state" / "profile.json").unlink(missing_ok=True)
        site.app(profile)
        environ = {"PATH": "/usr/bin:/bin", **site.environ(profile)}
        codes[profile] = subprocess.run(condition, env=environ, cwd=site.root, check=False).returncode
    assert codes == {"cif-only": 1, "dual-write-cif-read": 0, "dual-write-db-read": 0, "db-only": 1}


@pytest.mark.parametrize("unit", [unit for unit in UNITS if read(unit).has_section("Install")], ids=name_of)
def test_the_checklist_of_a_site_names_every_unit_to_enable(unit: Path) -> None:
    assert f"`{unit.name}`" in (ROOT / "docs" / "deploy.md").read_text().replace("systemctl enable --now ", "")
