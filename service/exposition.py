"""What a scrape answers: what the processes counted, and how the site stands at that moment."""

import socket
from collections.abc import Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

from service import vitals
from service.catalogue import CATALOGUE
from service.services import Services
from service.sync.verified import VerifyRecord
from settings import Profile

Sample = tuple[str, tuple[str, ...], float]
_GAUGES = {metric.name: metric for metric in CATALOGUE if metric.mode == "scrape"}


def exposition(found: Services) -> bytes:
    """Give every metric in Prometheus' text form. Nothing here waits for the database, so an outage delays no scrape."""
    registry = CollectorRegistry()
    registry.register(_Site(found))
    return found.metrics.exposition() + generate_latest(registry)


class _Site:
    """A collector over the state directory and what is counted beside the scrapes."""

    def __init__(self, found: Services) -> None:
        self._found = found

    def collect(self) -> Iterator[GaugeMetricFamily]:
        families = {m.name: GaugeMetricFamily(m.full_name, m.text, labels=m.labels) for m in _GAUGES.values()}
        for name, labels, value in _samples(self._found):
            families[name].add_metric(labels, value)
        return iter(families.values())


def _samples(found: Services) -> Iterator[Sample]:
    active = found.switching.active()
    profile = found.settings.profile_named(active.profile)
    for store, behind in vitals.behind(found.stores, profile).items():
        yield "depositions_behind", (store,), behind.count
        yield "oldest_behind_seconds", (store,), behind.oldest
    yield from _progress(found, profile)
    host, workers = (socket.gethostname(),), found.runtime.workers.here()
    yield "workers", host, len(workers)
    yield "workers_lagging", host, len(vitals.lagging(workers, active))
    yield "foreign_lock_seconds", (), max((lock.age for lock in vitals.stuck_locks(found.settings)), default=0.0)
    for disk in vitals.disks(found.settings):
        yield "disk_free_ratio", (disk.place,), disk.free
        if disk.free_inodes is not None:
            yield "inodes_free_ratio", (disk.place,), disk.free_inodes
    verified = VerifyRecord(found.settings.state_dir).full()
    if verified is not None:
        yield "verify_timestamp_seconds", (), datetime.fromisoformat(verified.ended).timestamp()
        yield "verify_differences", (), verified.differences


def _progress(found: Services, profile: Profile) -> Iterator[Sample]:
    counted = found.progress.counted(profile)
    if counted is not None:
        for store, count in counted.by_store.items():
            yield "depositions", (store,), count
        if counted.in_both is not None:
            yield "depositions_in_both", (), counted.in_both
