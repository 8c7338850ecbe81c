"""What the dashboard shows of a site: everything is read off `state_dir` and the settings, so it is there in an outage."""

from dataclasses import dataclass
from datetime import UTC, datetime

from service import vitals
from service.active import Active
from service.services import Services
from service.sync.verified import Verified
from settings import Profile

_TRAIL = 20


@dataclass(frozen=True, slots=True)
class Step:
    """A phase on the line of the migration: `passed`, `active` or `ahead`."""

    profile: Profile
    place: str


@dataclass(frozen=True, slots=True)
class StoreState:
    """A store, what the active profile does with it, and what it lacks."""

    name: str
    roles: tuple[str, ...]
    behind: vitals.Behind


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that serves the site."""

    host: str
    pid: int
    epoch: int
    breaker: str
    failures: int
    seen: str
    lags: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """The site at one moment."""

    site_id: str
    active: Active
    profile: Profile
    steps: tuple[Step, ...]
    neighbours: tuple[Profile, ...]
    stores: tuple[StoreState, ...]
    workers: tuple[Worker, ...]
    verified: Verified | None
    trail: tuple[dict[str, object], ...]
    at: datetime


def picture(found: Services) -> Picture:
    """Look at the site; raise FileUnavailable where its state directory cannot be read."""
    active = found.switching.active()
    profile = found.settings.profile_named(active.profile)
    lacking = vitals.behind(found.stores, profile)
    return Picture(
        site_id=found.settings.site_id,
        active=active,
        profile=profile,
        steps=tuple(Step(p, _place(p, profile)) for p in found.settings.profiles),
        neighbours=tuple(p for p in reversed(found.settings.profiles) if p.adjacent_to(profile)),
        stores=tuple(StoreState(name, tuple(_roles(name, profile)), behind) for name, behind in lacking.items()),
        workers=_workers(found, active),
        verified=vitals.verified(found.settings),
        trail=tuple(found.switching.file.trail(_TRAIL)),
        at=datetime.now(UTC),
    )


def _place(one: Profile, active: Profile) -> str:
    if one.phase == active.phase:
        return "active"
    return "passed" if one.phase < active.phase else "ahead"


def _roles(store: str, profile: Profile) -> list[str]:
    """Say in words what a profile does with a store."""
    roles = {
        "takes every write": store in profile.writes,
        "answers reads": store == profile.reads,
        "answers reads when the other cannot": store == profile.fallback,
        "a sample of reads is repeated here and compared": store == profile.observes,
    }
    return [role for role, holds in roles.items() if holds] or ["not used"]


def _workers(found: Services, active: Active) -> tuple[Worker, ...]:
    known = found.runtime.workers.all()
    late = {(w["host"], w["pid"]) for w in vitals.lagging(known, active)}
    return tuple(
        Worker(
            host=str(w["host"]),
            pid=int(str(w["pid"])),
            epoch=int(str(w["epoch"])),
            breaker=str(w["breaker"]),
            failures=int(str(w["failures"])),
            seen=str(w["seen"]),
            lags=(w["host"], w["pid"]) in late,
        )
        for w in known
    )
