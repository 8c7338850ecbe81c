"""What a process counts and times, on one registry of its own for each application (DESIGN.md section 8)."""

from collections.abc import Iterable
from contextlib import nullcontext
from typing import Any, cast

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from service import process_files
from service.catalogue import CATALOGUE, Metric
from service.logs import log
from service.storage.base import Observer
from settings.process import metrics_directory

_BREAKER_STATES = {"closed": 0, "half-open": 1, "open": 2}
_KINDS: dict[str, Any] = {"counter": Counter, "gauge": Gauge, "histogram": Histogram}


class Metrics(Observer):
    """Count and time what happens; correct over all processes of a server."""

    def __init__(self) -> None:
        self.registry, directory = CollectorRegistry(), metrics_directory()
        # a dead process may have had our number, and its gauges would go on as ours
        with process_files.swept(directory) if directory else nullcontext():
            self._made = {m.name: _made(m, self.registry) for m in CATALOGUE if m.mode != "scrape"}
        self._series: dict[tuple[str, tuple[str, ...]], Any] = {}

    def exposition(self) -> bytes:
        """Give all metrics of all processes of this server in Prometheus' text form; the dead are swept first."""
        directory = metrics_directory()
        if directory is None:
            return generate_latest(self.registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        with process_files.swept(directory):
            return generate_latest(registry)

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        self._count("requests_total", route, method, str(status))
        self._time("request_duration_seconds", seconds, route)

    def profile_is(self, active: str, epoch: int, names: Iterable[str]) -> None:
        """Tell the active profile and its epoch."""
        for name in names:
            self._set("profile_info", name == active, name)
        self._set("profile_epoch", epoch)

    def operation(self, store: str, operation: str, outcome: str, seconds: float) -> None:
        self._count("store_operations_total", store, operation, outcome)
        self._time("store_operation_duration_seconds", seconds, store, operation)

    def lock_waited(self, seconds: float) -> None:
        self._time("lock_wait_seconds", seconds)

    def lock_broken(self) -> None:
        self._count("broken_locks_total")

    def breaker_moved(self, breaker: str, state: str) -> None:
        self._set("breaker_state", _BREAKER_STATES[state], breaker)
        self._count("breaker_transitions_total", breaker, state)

    def write_degraded(self, store: str) -> None:
        self._count("degraded_writes_total", store)

    def read_fell_back(self) -> None:
        self._count("fallback_reads_total")

    def stale_refused(self) -> None:
        self._count("stale_reads_refused_total")

    def synced(self, reason: str, outcome: str) -> None:
        self._count("syncs_total", reason, outcome)

    def foreign_change(self) -> None:
        self._count("foreign_changes_total")

    def healed(self, rows: int) -> None:
        self._count("healed_rows_total", by=rows)

    def conflicted(self) -> None:
        self._count("conflicts_total")

    def shadowed(self, outcome: str) -> None:
        self._count("shadow_reads_total", outcome)

    def mirror_failed(self, path: str) -> None:
        log.warning("mirror_failed", path=path, remedy="mend its folder; `msgmodule reconcile --all` copies it again")
        self._count("mirror_failures_total")

    def _count(self, name: str, *labels: str, by: int = 1) -> None:
        cast(Counter, self._of(name, labels)).inc(by)

    def _set(self, name: str, value: float, *labels: str) -> None:
        cast(Gauge, self._of(name, labels)).set(value)

    def _time(self, name: str, seconds: float, *labels: str) -> None:
        cast(Histogram, self._of(name, labels)).observe(seconds)

    def _of(self, name: str, labels: tuple[str, ...]) -> Any:
        """Give what counts one series; the library looks for it under a lock each time."""
        found = self._series.get((name, labels))
        if found is None:
            found = self._series[name, labels] = self._made[name].labels(*labels) if labels else self._made[name]
        return found


def _made(metric: Metric, registry: CollectorRegistry) -> Any:
    more = {"multiprocess_mode": metric.mode} if metric.kind == "gauge" else {}
    made = _KINDS[metric.kind](metric.full_name, metric.text, metric.labels, registry=registry, **more)
    for labels in metric.start:
        made.labels(*labels)
    return made
