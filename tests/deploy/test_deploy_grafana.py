"""The Grafana dashboard: every expression is asked of a real Prometheus that scrapes the running service, and answered."""

import json
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.server import Server, free_port
from support.site import Site
from support.tools import tool

from service.catalogue import CATALOGUE
from service.sync.verified import Verified, VerifyRecord

DEPLOY = Path(__file__).parents[2] / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana" / "messaging.json").read_text())
MESSAGES = "/api/v1/depositions/D_1000000042/messages"
PATIENCE = 6000
_STARTING = 503
_CONFIG = """
global: {{scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms}}
rule_files: [{rules}/alerts.yml, {rules}/recording.yml]
scrape_configs:
  - job_name: messaging
    metrics_path: /admin/metrics
    authorization: {{credentials: {secret}}}
    static_configs: [{{targets: ["{target}"]}}]
"""


def expressions() -> list[str]:
    return [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", ())]


class Prometheus:
    """A real one, over one service."""

    def __init__(self, folder: Path, server: Server) -> None:
        folder.mkdir()
        target = server.address.removeprefix("http://")
        text = _CONFIG.format(rules=DEPLOY / "prometheus", secret=server.secret, target=target)
        (folder / "prometheus.yml").write_text(text)
        port = free_port()
        self._address = f"http://127.0.0.1:{port}"
        arguments = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
        command = [tool("prometheus", "prometheus"), *arguments, f"--web.listen-address=127.0.0.1:{port}"]
        self._log = (folder / "log").open("w")
        self._process = subprocess.Popen(command, stderr=self._log)

    def ask(self, expression: str) -> list[Any]:
        """Give the result of an expression now; nothing while it is not up yet."""
        assert self._process.poll() is None, Path(self._log.name).read_text()
        url = f"{self._address}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own address
                return list(json.loads(answer.read())["data"]["result"])
        except urllib.error.HTTPError as error:
            with error:
                if error.code != _STARTING:
                    pytest.fail(f"{expression}: {error.read().decode()}")
        except urllib.error.URLError:  # it does not listen yet
            pass
        return []

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()
        self._log.close()


@pytest.fixture
def prometheus(site: Site) -> Iterator[Prometheus]:
    """A service that has been used, was verified, and is scraped."""
    server = Server(site, "dual-write-db-read")
    VerifyRecord(site.root / "state").write(Verified(full=True, ended=datetime.now(UTC).isoformat()))
    server.ask(MESSAGES, {"message_text": "t"})
    server.ask(MESSAGES)
    site.file("D_1000000042").write_bytes(site.file("D_1000000042").read_bytes() + b"# \n")
    server.ask(MESSAGES)
    made = Prometheus(site.root / "prometheus", server)
    yield made
    made.stop()
    server.stop()


def test_every_expression_of_the_dashboard_is_answered_by_prometheus(prometheus: Prometheus) -> None:
    left = expressions()
    for _ in range(PATIENCE):
        left = [expression for expression in left if not prometheus.ask(expression)]
        if not left:
            break
    assert not left
    [up] = prometheus.ask("up")
    assert up["value"][1] == "1"
    firing = {alert["metric"]["alertname"] for alert in prometheus.ask('ALERTS{alertstate="firing"}')}
    assert not firing


def test_every_metric_of_the_catalogue_is_on_the_dashboard_directly_or_by_a_recording_rule() -> None:
    asked = " ".join(expressions()) + (DEPLOY / "prometheus" / "recording.yml").read_text()
    assert [m.name for m in CATALOGUE if m.full_name not in asked] == []


def test_panels_have_a_place_of_their_own() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells
