"""Which profile is active, and the chain built from it. Each request looks once; a switch is followed at the next one."""

import threading
import time
from dataclasses import dataclass

from service.active import Active, ActiveFile, Stamp, Workers
from service.errors import FileUnavailable
from service.logs import log
from service.metrics import Metrics
from service.storage.base import Store
from service.storage.build import Stores
from settings import Profile, Settings, SettingsError

#: Seconds between two signs of life of a worker that answers requests.
_BEAT = 10.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The active profile as a request sees it from its beginning to its end."""

    profile: Profile
    active: Active
    chain: Store


class Runtime:
    """Hand out the current snapshot; build a new one when the file of the active profile has changed."""

    def __init__(self, settings: Settings, stores: Stores, metrics: Metrics) -> None:
        self.settings = settings
        self.stores = stores
        self.file = ActiveFile(settings.state_dir)
        self.workers = Workers(settings.state_dir)
        self._metrics = metrics
        self._building = threading.Lock()
        self._seen: tuple[Stamp, Snapshot] | None = None
        self._told: tuple[int, str, float] = (0, "", 0.0)

    def current(self) -> Snapshot:
        """Give the snapshot of the active profile; costs one `stat` while nothing changes.

        Raises FileUnavailable where the site has no active profile: starting the service decides it.
        """
        stamp = self.file.stamp()
        seen = self._seen
        if stamp is not None and seen is not None and seen[0] == stamp:
            self._beat(seen[1].active.epoch)
            return seen[1]
        with self._building:
            return self._load(self.file.stamp())

    def _load(self, stamp: Stamp | None) -> Snapshot:
        active = self.file.read()
        if active is None or stamp is None:
            raise FileUnavailable(f"{self.file.path} is gone; restart the service to decide the profile anew")
        try:
            profile = self.settings.profile_named(active.profile)
        except SettingsError as error:
            raise FileUnavailable(f"{self.file.path} names a profile that the settings do not know: {error}") from error
        snapshot = Snapshot(profile, active, self.stores.chain(profile))
        self._beat(active.epoch)
        self._metrics.profile_is(profile.name, active.epoch, [p.name for p in self.settings.profiles])
        self._seen = (stamp, snapshot)
        return snapshot

    def _beat(self, epoch: int) -> None:
        """Report this worker now and then, and whenever its epoch or its breaker has moved."""
        guard = self.stores.database.guard
        breaker, now = (guard.state, time.monotonic()) if guard else ("off", time.monotonic())
        if self._told[:2] == (epoch, breaker) and now - self._told[2] < _BEAT:
            return
        self._told = (epoch, breaker, now)
        try:
            self.workers.report(epoch, breaker, guard.failures if guard else 0)
        except FileUnavailable as error:
            log.warning("worker_not_reported", message=error.message)  # the request can be answered all the same
