"""The Grafana dashboard as JSON, made from the panels."""

import json
from collections.abc import Iterator
from typing import Any

from panels import Panel, rows

_SOURCE = {"type": "prometheus", "uid": "${source}"}
_HEIGHT, _COLUMNS = 8, 24
_BREAKER = {
    "0": {"text": "closed", "color": "green"},
    "1": {"text": "half-open", "color": "orange"},
    "2": {"text": "open", "color": "red"},
}


def dashboard() -> str:
    """Give the file's text."""
    body = {
        "title": "OneDep messaging",
        "uid": "onedep-messaging",
        "tags": ["onedep"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "utc",
        "templating": {"list": [{"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}]},
        "annotations": {"list": [_switches()]},
        "panels": list(_panels()),
    }
    return json.dumps(body, indent=1) + "\n"


def _switches() -> dict[str, Any]:
    """Mark every switch of the profile on the time axis."""
    return {
        "name": "switches",
        "datasource": _SOURCE,
        "enable": True,
        "expr": "changes(max(messaging_profile_epoch)[1m:15s]) > 0",
        "titleFormat": "profile switched",
    }


def _panels() -> Iterator[dict[str, Any]]:
    top = number = 0
    for row in rows():
        number += 1
        yield {
            "id": number,
            "type": "row",
            "title": row.title,
            "collapsed": False,
            "panels": [],
            "gridPos": _place(0, top, 24, 1),
        }
        top += 1
        left = 0
        for panel in row.panels:
            if left + panel.width > _COLUMNS:
                left, top = 0, top + _HEIGHT
            number += 1
            yield _panel(panel, number, _place(left, top, panel.width, _HEIGHT))
            left += panel.width
        top += _HEIGHT


def _place(left: int, top: int, width: int, height: int) -> dict[str, int]:
    return {"x": left, "y": top, "w": width, "h": height}


def _panel(panel: Panel, number: int, place: dict[str, int]) -> dict[str, Any]:
    defaults: dict[str, Any] = {"unit": panel.unit}
    if panel.kind == "state-timeline":
        defaults["mappings"] = [{"type": "value", "options": _BREAKER}]
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "datasource": _SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + n), "datasource": _SOURCE, "expr": expression, "legendFormat": legend}
            for n, (expression, legend) in enumerate(panel.queries)
        ],
    }
