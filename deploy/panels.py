"""The panels of the Grafana dashboard: those that people look at first, and one for each metric that none of them shows."""

from dataclasses import dataclass
from typing import Literal

from service.catalogue import CATALOGUE, Metric


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel: expressions with their legends, and the unit as Grafana names it."""

    title: str
    queries: tuple[tuple[str, str], ...]
    unit: str = "short"
    kind: Literal["timeseries", "stat", "state-timeline", "table"] = "timeseries"
    width: int = 8


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under one heading."""

    title: str
    panels: tuple[Panel, ...]


_ROWS = (
    Row(
        "Migration",
        (
            Panel("Phase", (("messaging_profile_info == 1", "{{profile}} on {{instance}}"),), kind="stat"),
            Panel("Epoch by server", (("messaging_profile_epoch", "{{instance}}"),), kind="stat"),
            Panel(
                "Workers",
                (("messaging_workers", "{{host}}"), ("messaging_workers_lagging", "{{host}}, lagging")),
                kind="stat",
            ),
            Panel(
                "Migration progress",
                (
                    ("max by (store) (messaging_depositions)", "depositions in {{store}}"),
                    ("max(messaging_depositions_in_both)", "recorded as in both"),
                ),
                width=16,
            ),
            Panel(
                "Last verify",
                (
                    ("time() - max(messaging_verify_timestamp_seconds)", "seconds ago"),
                    ("max(messaging_verify_differences)", "depositions that differ"),
                ),
                kind="stat",
            ),
            Panel("Depositions behind", (("max by (store) (messaging_depositions_behind)", "{{store}}"),)),
            Panel("Oldest behind", (("max by (store) (messaging_oldest_behind_seconds)", "{{store}}"),), "s"),
            Panel(
                "Syncs", (("sum by (reason, outcome) (rate(messaging_syncs_total[5m]))", "{{reason}}, {{outcome}}"),), "ops"
            ),
            Panel("Shadow reads", (("sum by (outcome) (increase(messaging_shadow_reads_total[15m]))", "{{outcome}}"),)),
            Panel(
                "Rows that a legacy program cost",
                (
                    ("sum(increase(messaging_healed_rows_total[1h]))", "healed"),
                    ("sum(increase(messaging_conflicts_total[1h]))", "in conflict"),
                    ("sum(increase(messaging_foreign_changes_total[1h]))", "files changed by another program"),
                ),
            ),
        ),
    ),
    Row(
        "Requests",
        (
            Panel("Rate", (("messaging:requests:rate5m", "{{route}}"),), "reqps"),
            Panel("Latency, 95 of 100", (("messaging:request_duration_seconds:p95_5m", "{{route}}"),), "s"),
            Panel("Share of errors", (("messaging:request_errors:ratio5m", "5xx"),), "percentunit"),
        ),
    ),
    Row(
        "Stores",
        (
            Panel("Breaker", (("messaging_breaker_state", "{{breaker}} of {{instance}}"),), kind="state-timeline", width=24),
            Panel("Operations", (("messaging:store_operations:rate5m", "{{store}} {{operation}}, {{outcome}}"),), "ops"),
            Panel(
                "Latency, 95 of 100",
                (("messaging:store_operation_duration_seconds:p95_5m", "{{store}} {{operation}}"),),
                "s",
            ),
            Panel(
                "Outages",
                (
                    ("sum by (store) (rate(messaging_degraded_writes_total[5m]))", "writes without {{store}}"),
                    ("sum(rate(messaging_fallback_reads_total[5m]))", "reads by the fallback"),
                    ("sum(rate(messaging_stale_reads_refused_total[5m]))", "reads refused"),
                ),
                "ops",
            ),
        ),
    ),
)
_SHOWN_BY_RULES = (
    "requests_total",
    "request_duration_seconds",
    "store_operations_total",
    "store_operation_duration_seconds",
)


def rows() -> tuple[Row, ...]:
    """Give all rows; the last one shows what no other does, so that no metric of the catalogue is left out."""
    asked = " ".join(expression for row in _ROWS for panel in row.panels for expression, _ in panel.queries)
    left = [m for m in CATALOGUE if m.full_name not in asked and m.name not in _SHOWN_BY_RULES]
    return (*_ROWS, Row("More", tuple(map(_plain, left))))


def _plain(metric: Metric) -> Panel:
    legend = ", ".join(f"{{{{{label}}}}}" for label in (*metric.labels, "instance"))
    by = ", ".join((*metric.labels, "instance"))
    expressions = {
        "counter": f"sum by ({by}) (rate({metric.full_name}[5m]))",
        "gauge": metric.full_name,
        "histogram": f"histogram_quantile(0.95, sum by ({by}, le) (rate({metric.full_name}_bucket[5m])))",
    }
    unit = "percentunit" if metric.name.endswith("ratio") else "s" if metric.name.endswith("seconds") else "short"
    return Panel(metric.text, ((expressions[metric.kind], legend),), unit)
