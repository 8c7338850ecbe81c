"""The alert rules: each fires in its unit test, stays silent in the counter-test, and has a runbook."""

import re
import subprocess
from pathlib import Path

from support.tools import tool

from service.catalogue import CATALOGUE

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "prometheus"
ALERTS = re.findall(r"- alert: (\w+)", (FOLDER / "alerts.yml").read_text())


def test_promtool_accepts_the_rules_and_their_unit_tests_pass() -> None:
    promtool = tool("promtool", "prometheus")
    for arguments in (
        ("check", "rules", "alerts.yml", "recording.yml"),
        ("check", "config", "--syntax-only", "prometheus.yml"),
        ("test", "rules", "alerts_test.yml"),
    ):
        done = subprocess.run([promtool, *arguments], cwd=FOLDER, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_test_in_which_it_fires_and_one_in_which_it_does_not() -> None:
    tested = re.findall(
        r"alertname: (\w+)\n\s+eval_time: \w+\n\s+exp_alerts:( \[\])?", (FOLDER / "alerts_test.yml").read_text()
    )
    assert {name for name, silent in tested if silent} == set(ALERTS)
    assert {name for name, silent in tested if not silent} == set(ALERTS)


def test_every_alert_has_a_runbook_and_none_is_left_of_an_alert_that_is_gone() -> None:
    anchors = re.findall(r"runbook: docs/alerts.md#(\w+)", (FOLDER / "alerts.yml").read_text())
    headings = re.findall(r"^## (\w+)$", (ROOT / "docs" / "alerts.md").read_text(), re.MULTILINE)
    assert anchors == [name.lower() for name in ALERTS]
    assert headings == ALERTS


def test_the_rules_ask_for_metrics_of_the_catalogue_alone() -> None:
    names = set(re.findall(r"\bmessaging_\w+", (FOLDER / "alerts.yml").read_text() + (FOLDER / "recording.yml").read_text()))
    known = {m.full_name for m in CATALOGUE} | {f"{m.full_name}_bucket" for m in CATALOGUE if m.kind == "histogram"}
    assert names
    assert names <= known
