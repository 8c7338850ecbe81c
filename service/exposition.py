"""What a scrape answers: what the processes counted, and how the site stands at that moment by its state directory."""

import socket
from collections.abc import Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

from service import vitals
from service.catalogue import CATALOGUE
from service.services import Services

Sample = tuple[str, tuple[str, ...], float]
_GAUGES = {metric.name: metric for metric in CATALOGUE if metric.mode == "scrape"}


def exposition(found: Services) -> bytes:
    """Give every metric in Prometheus' text form. Nothing here asks the database, so an outage delays no scrape."""
    registry = CollectorRegistry()
    registry.register(_Site(found))
    return found.metrics.exposition() + generate_latest(registry)


class _Site:
    """A collector over the state directory."""

    def __init__(self, found: Services) -> None:
        self._found = found

    def collect(self) -> Iterator[GaugeMetricFamily]:
        families = {m.name: GaugeMetricFamily(m.full_name, m.text, labels=m.labels) for m in _GAUGES.values()}
        for name, labels, value in _samples(self._found):
            families[name].add_metric(labels, value)
        return iter(families.values())


def _samples(found: Services) -> Iterator[Sample]:
    active = found.switching.active()
    for store, behind in vitals.behind(found.stores, found.settings.profile_named(active.profile)).items():
        yield "depositions_behind", (store,), behind.count
        yield "oldest_behind_seconds", (store,), behind.oldest
    host, workers = (socket.gethostname(),), found.runtime.workers.here()
    yield "workers", host, len(workers)
    yield "workers_lagging", host, len(vitals.lagging(workers, active))
    yield "foreign_lock_seconds", (), max((lock.age for lock in vitals.stuck_locks(found.settings)), default=0.0)
    for disk in vitals.disks(found.settings):
        yield "disk_free_ratio", (disk.place,), disk.free
        if disk.free_inodes is not None:
            yield "inodes_free_ratio", (disk.place,), disk.free_inodes
    verified = vitals.verified(found.settings)
    if verified is not None:
        yield "verify_timestamp_seconds", (), datetime.fromisoformat(verified.ended).timestamp()
        yield "verify_differences", (), verified.differences
