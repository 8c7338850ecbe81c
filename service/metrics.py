"""Every metric, on one registry of its own for each application (DESIGN.md section 8)."""

from collections.abc import Iterable
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from service.logs import log
from service.storage.base import Observer
from settings.process import metrics_directory

PREFIX = "messaging_"
_BREAKER_STATES = {"closed": 0, "half-open": 1, "open": 2}


class Metrics(Observer):
    """Count and time what happens; correct over all processes of a server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = self._counter("requests", "Requests answered", "route", "method", "status")
        self._request_seconds = self._histogram("request_duration_seconds", "Seconds to answer a request", "route")
        self._operations = self._counter("store_operations", "Operations of a store", "store", "operation", "outcome")
        self._operation_seconds = self._histogram(
            "store_operation_duration_seconds", "Seconds an operation of a store took", "store", "operation"
        )
        self._breaker_state = self._gauge("breaker_state", "0 closed, 1 half-open, 2 open", "breaker")
        self._breaker_moves = self._counter("breaker_transitions", "Moves of a breaker", "breaker", "to")
        self._profile = self._gauge("profile_info", "1 for the active profile", "profile", mode="livemostrecent")
        self._epoch = self._gauge("profile_epoch", "Switches of the profile so far")
        self._degraded = self._counter("degraded_writes", "Writes acknowledged while a store was behind", "store")
        self._fallbacks = self._counter("fallback_reads", "Reads answered by the fallback store")
        self._refused = self._counter("stale_reads_refused", "Reads refused because the fallback lacks something")
        self._syncs = self._counter("syncs", "Syncs of one deposition", "reason", "outcome")
        self._foreign = self._counter("foreign_changes", "Files found changed by another program")
        self._healed = self._counter("healed_rows", "Rows restored to a file that had lost them")
        self._conflicts = self._counter("conflicts", "Rows changed on both sides")
        self._shadows = self._counter("shadow_reads", "Reads repeated on the other store and compared", "outcome")
        self._mirrors = self._counter("mirror_failures", "Copies for the depositors that failed")
        self._broken_locks = self._counter("broken_locks", "Locks of dead processes that were removed")
        self._lock_wait = self._histogram("lock_wait_seconds", "Seconds waited for the lock of a file")
        self._breaker_state.labels("database").set(0)

    def exposition(self) -> bytes:
        """Give all metrics of all processes of this server in Prometheus' text form."""
        if metrics_directory() is None:
            return generate_latest(self.registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        self._requests.labels(route, method, status).inc()
        self._request_seconds.labels(route).observe(seconds)

    def profile_is(self, active: str, epoch: int, names: Iterable[str]) -> None:
        """Tell the active profile and its epoch."""
        for name in names:
            self._profile.labels(name).set(name == active)
        self._epoch.set(epoch)

    def operation(self, store: str, operation: str, outcome: str, seconds: float) -> None:
        self._operations.labels(store, operation, outcome).inc()
        self._operation_seconds.labels(store, operation).observe(seconds)

    def lock_waited(self, seconds: float) -> None:
        self._lock_wait.observe(seconds)

    def lock_broken(self) -> None:
        self._broken_locks.inc()

    def breaker_moved(self, breaker: str, state: str) -> None:
        self._breaker_state.labels(breaker).set(_BREAKER_STATES[state])
        self._breaker_moves.labels(breaker, state).inc()

    def write_degraded(self, store: str) -> None:
        self._degraded.labels(store).inc()

    def read_fell_back(self) -> None:
        self._fallbacks.inc()

    def stale_refused(self) -> None:
        self._refused.inc()

    def synced(self, reason: str, outcome: str) -> None:
        self._syncs.labels(reason, outcome).inc()

    def foreign_change(self) -> None:
        self._foreign.inc()

    def healed(self, rows: int) -> None:
        self._healed.inc(rows)

    def conflicted(self, rows: int) -> None:
        self._conflicts.inc(rows)

    def shadowed(self, outcome: str) -> None:
        self._shadows.labels(outcome).inc()

    def mirror_failed(self, path: str) -> None:
        log.warning("mirror_failed", path=path, remedy="the next message copies the whole file again")
        self._mirrors.inc()

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(PREFIX + name, text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, *labels: str) -> Histogram:
        return Histogram(PREFIX + name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str, mode: Literal["livemax", "livemostrecent"] = "livemax") -> Gauge:
        """Make a gauge over the living processes: the highest value (worst breaker, newest epoch), or the latest set."""
        return Gauge(PREFIX + name, text, labels, registry=self.registry, multiprocess_mode=mode)


def forget_process(pid: int) -> None:
    """Drop the gauges of a process that has ended; what it counted stays in the sums."""
    mark_process_dead(pid)  # type: ignore[no-untyped-call]
