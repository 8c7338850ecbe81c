"""Write what is made from the metric catalogue: docs/metrics.md and the Grafana dashboard. A test compares them."""

from collections.abc import Mapping
from pathlib import Path

import grafana

from service.catalogue import CATALOGUE, Metric

ROOT = Path(__file__).parents[1]
_OVER_PROCESSES = {
    "": "sum",
    "livemax": "highest of the living",
    "livemostrecent": "set last by a living one",
    "scrape": "looked up by the process that answers the scrape",
}
_HEAD = """# Metrics

`GET /admin/metrics` (scope `metrics`) answers for all processes of one server; each server is a scrape target of its own.
Processes that ended are swept before each scrape: their gauges go, what they counted stays. This table is made from
`service/catalogue.py` by `make generated`.

| metric | kind | labels | over processes | meaning |
|---|---|---|---|---|
"""


def files() -> Mapping[Path, str]:
    """Give the content of every generated file."""
    return {
        ROOT / "docs" / "metrics.md": _HEAD + "".join(map(_row, CATALOGUE)),
        ROOT / "deploy" / "grafana" / "messaging.json": grafana.dashboard(),
    }


def main() -> None:
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")


def _row(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    return f"| `{metric.full_name}` | {metric.kind} | {labels} | {_OVER_PROCESSES[metric.mode]} | {metric.text} |\n"


if __name__ == "__main__":
    main()
