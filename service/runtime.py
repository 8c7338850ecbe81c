"""Which profile is active, and the chain built from it. Each request looks once; a switch is followed at the next one."""

import threading
import time
import weakref
from dataclasses import dataclass

from service.active import Active, ActiveFile, Stamp, Workers
from service.errors import FileUnavailable
from service.leases import leases_of
from service.logs import log
from service.metrics import Metrics
from service.storage.base import Store
from service.storage.build import Stores
from settings import Profile, Settings, SettingsError

#: Seconds between two looks of an idle process at the active profile, and between two signs of life of any.
_FOLLOW, _BEAT = 0.5, 10.0


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
        self._leases = leases_of(settings.state_dir)
        self._told: tuple[int, str | None, str, float] = (0, None, "", 0.0)

    def current(self) -> Snapshot:
        """Give the snapshot of the active profile; costs one `stat` while nothing changes.

        Raises FileUnavailable where the site has no active profile: starting the service decides it.
        """
        stamp = self.file.stamp()
        seen = self._seen
        if stamp is not None and seen is not None and seen[0] == stamp:
            return seen[1]
        with self._building:
            return self._load(self.file.stamp())

    def lease(self) -> Snapshot:
        """Give the snapshot that a request works with until it is released; the worker is under its epoch so long."""
        seen = self._seen
        snapshot = seen[1] if seen else self.current()
        while True:
            self._leases.begin(snapshot.active.epoch)
            current = self.current()  # asked once the lease counts: no switch is missed
            if current is snapshot:
                return snapshot
            self._leases.end(snapshot.active.epoch)
            snapshot = current

    def release(self, snapshot: Snapshot) -> None:
        """End a request's lease; the last one of an old epoch brings this worker to the current one."""
        self._leases.end(snapshot.active.epoch)
        self._report()

    def follow(self) -> None:
        """Have a thread follow a switch that comes while no request does, so that an idle process holds up nobody."""
        threading.Thread(target=_follow, args=(weakref.ref(self),), name="follow-profile", daemon=True).start()

    def look(self) -> None:
        """Follow a switch, and give a sign of life, without a request; a site that was never started has none to follow."""
        try:
            if self._seen is None and self.file.stamp() is None:
                return
            self.current()
        except FileUnavailable as error:
            log.warning("profile_not_followed", error=error.message)
        self._report()

    def _report(self) -> None:
        """Say under which epoch this worker still is and how its breaker stands, when either has moved and now and then."""
        seen, guard, now = self._seen, self.stores.database.guard, time.monotonic()
        if seen is None:
            return
        epoch, breaker = self._leases.oldest(seen[1].active.epoch), guard.state if guard else "off"
        changed = guard.changed if guard else None
        if self._told[:3] == (epoch, changed, breaker) and now - self._told[3] < _BEAT:
            return
        self._told = (epoch, changed, breaker, now)
        try:
            self.workers.report(epoch, breaker, guard.failures if guard else 0, changed)
        except FileUnavailable as error:  # the request is answered all the same; a later one tells again
            log.warning("worker_not_reported", error=error.message)

    def _load(self, stamp: Stamp | None) -> Snapshot:
        active = self.file.read()
        if active is None or stamp is None:
            raise FileUnavailable(f"{self.file.path} is gone; restart the service to decide the profile anew")
        try:
            profile = self.settings.profile_named(active.profile)
        except SettingsError as error:
            raise FileUnavailable(f"{self.file.path} names a profile that the settings do not know: {error}") from error
        snapshot = Snapshot(profile, active, self.stores.chain(profile))
        self._metrics.profile_is(profile.name, active.epoch, [p.name for p in self.settings.profiles])
        self._seen = (stamp, snapshot)
        self._report()
        return snapshot


def _follow(followed: "weakref.ref[Runtime]") -> None:
    """Look now and then, as long as the application is there."""
    while (runtime := followed()) is not None:
        runtime.look()
        del runtime
        time.sleep(_FOLLOW)
