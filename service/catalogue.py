"""Every metric there is: one list, from which the collectors, docs/metrics.md and the Grafana dashboard are made."""

from dataclasses import dataclass
from typing import Literal

PREFIX = "messaging_"
Kind = Literal["counter", "gauge", "histogram"]
#: How the values of several processes become one: the highest, the one set last, or not kept by processes at all but looked
#: up by whoever is scraped.
Mode = Literal["", "livemax", "livemostrecent", "scrape"]
_STORES = (("cif",), ("database",))
_BREAKERS = (("database",),)


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric without its prefix; `start` holds the label values known from the first moment, which begin at 0."""

    name: str
    kind: Kind
    text: str
    labels: tuple[str, ...] = ()
    mode: Mode = ""
    start: tuple[tuple[str, ...], ...] = ()

    @property
    def full_name(self) -> str:
        return PREFIX + self.name


CATALOGUE = (
    Metric("requests_total", "counter", "Requests answered", ("route", "method", "status")),
    Metric("request_duration_seconds", "histogram", "Seconds to answer a request", ("route",)),
    Metric("store_operations_total", "counter", "Operations of a store", ("store", "operation", "outcome")),
    Metric("store_operation_duration_seconds", "histogram", "Seconds of an operation of a store", ("store", "operation")),
    Metric("lock_wait_seconds", "histogram", "Seconds waited for the lock of a message file"),
    Metric("broken_locks_total", "counter", "Locks of dead processes of ours that were removed"),
    Metric(
        "foreign_lock_seconds",
        "gauge",
        "Age of the oldest lock of another program that a writer waited for or `reconcile --all` saw",
        mode="scrape",
    ),
    Metric("breaker_state", "gauge", "0 closed, 1 half-open, 2 open", ("breaker",), "livemax", _BREAKERS),
    Metric(
        "breaker_transitions_total",
        "counter",
        "Moves of a breaker",
        ("breaker", "to"),
        start=(("database", "closed"), ("database", "half-open"), ("database", "open")),
    ),
    Metric("profile_info", "gauge", "1 for the active profile, 0 for the others", ("profile",), "livemostrecent"),
    Metric("profile_epoch", "gauge", "Switches of the profile that this server has seen", mode="livemax"),
    Metric("workers", "gauge", "Living processes that serve the site", ("host",), "scrape"),
    Metric(
        "workers_lagging", "gauge", "Those that answered under an earlier epoch since the last switch", ("host",), "scrape"
    ),
    Metric("degraded_writes_total", "counter", "Writes acknowledged while this store was behind", ("store",), start=_STORES),
    Metric("fallback_reads_total", "counter", "Reads answered by the fallback store"),
    Metric("stale_reads_refused_total", "counter", "Reads refused, for the fallback lacks something"),
    Metric(
        "depositions", "gauge", "Depositions of a store that the active profile uses, within a minute", ("store",), "scrape"
    ),
    Metric(
        "depositions_in_both",
        "gauge",
        "Those whose files the database has recorded as they were brought in, and not as behind",
        mode="scrape",
    ),
    Metric("depositions_behind", "gauge", "Depositions for which this store lacks something", ("store",), "scrape"),
    Metric(
        "oldest_behind_seconds",
        "gauge",
        "How long the store has lacked something, where the active profile writes it",
        ("store",),
        "scrape",
    ),
    Metric("syncs_total", "counter", "Syncs of one deposition", ("reason", "outcome")),
    Metric("foreign_changes_total", "counter", "Files found changed by another program"),
    Metric("healed_rows_total", "counter", "Rows restored to a file that had lost them"),
    Metric("conflicts_total", "counter", "Rows changed on both sides"),
    Metric("mirror_failures_total", "counter", "Copies for the depositors that failed"),
    Metric(
        "shadow_reads_total",
        "counter",
        "Reads repeated on the observed store",
        ("outcome",),
        start=(("match",), ("mismatch",)),
    ),
    Metric("verify_differences", "gauge", "Depositions that the last full verify found differing", mode="scrape"),
    Metric("verify_timestamp_seconds", "gauge", "When the last full verify ended, in seconds since 1970", mode="scrape"),
    Metric("disk_free_ratio", "gauge", "Free share of the file system", ("place",), "scrape"),
    Metric("inodes_free_ratio", "gauge", "Free share of its inodes, where it counts them", ("place",), "scrape"),
)
