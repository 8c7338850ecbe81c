"""How a site stands, read off its state directory and its file systems: cheap, and the same while the database is down."""

import math
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from service.active import Active
from service.storage.build import Stores
from service.storage.cif.paths import Site
from service.storage.cif.stuck import StuckLock, StuckLocks
from service.storage.durable import names
from service.storage.markers import Markers
from service.storage.pending import Pending
from service.sync.verified import Verified, VerifyRecord
from service.vocabulary import is_group
from settings import Profile, Settings

#: Seconds that a worker may still answer under the former epoch; a network file system keeps attributes that long.
_GRACE = 10.0


@dataclass(frozen=True, slots=True)
class Behind:
    """How many depositions a store lacks something for, and for how many seconds the oldest of them."""

    count: int
    oldest: float


@dataclass(frozen=True, slots=True)
class Disk:
    """The free shares of a file system; the inodes are `None` where it does not count them."""

    place: str
    path: Path
    free: float
    free_inodes: float | None


def behind(stores: Stores, profile: Profile) -> dict[str, Behind]:
    """Count what each store lacks: what is marked as lacking in the files, and what was kept for the database.

    A store that the profile does not write is behind on purpose, and nobody waits for it.
    """
    found: dict[str, Markers | Pending] = {
        stores.cif.name: Markers(stores.state_dir),
        stores.database.name: Pending(stores.state_dir),
    }
    return {
        name: Behind(len(kept.depositions()), _age(kept.since()) if name in profile.writes else 0.0)
        for name, kept in found.items()
    }


def lagging(workers: Iterable[dict[str, object]], active: Active) -> list[dict[str, object]]:
    """Pick the workers that answered under an earlier epoch after the last switch; an idle one does no harm."""
    switched = datetime.fromisoformat(active.when).timestamp() if active.when else 0.0
    return [
        w
        for w in workers
        if int(str(w["epoch"])) < active.epoch and datetime.fromisoformat(str(w["seen"])).timestamp() > switched + _GRACE
    ]


def disks(settings: Settings) -> Iterator[Disk]:
    """Measure the file systems that the service writes; one that cannot be seen is left out, its probe says so."""
    for place, path in (("cif_root", settings.cif_root), ("state_dir", settings.state_dir)):
        try:
            found = os.statvfs(path)
        except OSError:
            continue
        if not found.f_blocks:
            continue  # a file system that counts none, as those in memory may
        inodes = found.f_favail / found.f_files if found.f_files else None
        yield Disk(place, path, found.f_bavail / found.f_blocks, inodes)


def stuck_locks(settings: Settings) -> tuple[StuckLock, ...]:
    """List the noted locks of other programs that are still there, the oldest first."""
    return StuckLocks(settings.state_dir).all()


def verified(settings: Settings) -> Verified | None:
    """Give the last full verify, or where there was none the last of a part; `None` where nothing was ever verified."""
    record = VerifyRecord(settings.state_dir)
    return record.full() or record.last()


def without_mirror(site: Site) -> int:
    """Count the depositions, groups aside, that have no folder for the depositors."""
    mirrored = set(names(site.cif_root / "deposit"))
    return sum(not is_group(deposition) and deposition not in mirrored for deposition in site.depositions())


def free_memory() -> float:
    """Give the share of this host's memory that programs can still get."""
    lines = (line.split() for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines())
    sizes = {words[0]: float(words[1]) for words in lines}
    return sizes["MemAvailable:"] / sizes["MemTotal:"]


def _age(times: Iterable[float]) -> float:
    return max(0.0, time.time() - min(times, default=math.inf))
