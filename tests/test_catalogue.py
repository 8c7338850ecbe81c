"""The metrics that other programs ask for: their names and labels stay, and a gauge of several processes has one meaning."""

from service.catalogue import CATALOGUE

#: DESIGN.md section 8.
PUBLIC = {
    "requests_total": ("route", "method", "status"),
    "request_duration_seconds": ("route",),
    "store_operations_total": ("store", "operation", "outcome"),
    "store_operation_duration_seconds": ("store", "operation"),
    "breaker_state": ("breaker",),
    "breaker_transitions_total": ("breaker", "to"),
    "profile_info": ("profile",),
    "profile_epoch": (),
    "degraded_writes_total": ("store",),
    "fallback_reads_total": (),
    "stale_reads_refused_total": (),
    "depositions_behind": ("store",),
    "syncs_total": ("reason", "outcome"),
    "foreign_changes_total": (),
    "healed_rows_total": (),
    "conflicts_total": (),
    "shadow_reads_total": ("outcome",),
    "verify_differences": (),
    "verify_timestamp_seconds": (),
    "lock_wait_seconds": (),
}


def test_every_public_metric_keeps_its_name_and_labels() -> None:
    known = {metric.name: metric.labels for metric in CATALOGUE}
    assert {name: known.get(name) for name in PUBLIC} == PUBLIC
    assert len(known) == len(CATALOGUE)


def test_every_gauge_says_how_the_values_of_several_processes_become_one() -> None:
    assert [m.name for m in CATALOGUE if (m.kind == "gauge") is not bool(m.mode)] == []
