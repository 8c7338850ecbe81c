"""The breakers of all processes of a site: one that is not closed has given the database up."""

from dataclasses import dataclass

from service.active import Workers
from service.storage.guard import Guard


@dataclass(frozen=True, slots=True)
class Breaker:
    """The breaker of one process: where it is, how it stands since when, and how many failures in a row it counts."""

    place: str
    state: str
    changed: str | None
    failures: int

    @property
    def is_closed(self) -> bool:
        return self.state == "closed"


def breakers(workers: Workers, guard: Guard | None) -> list[Breaker]:
    """Give this process's breaker and those that the others told of, but for who has none. Raises FileUnavailable."""
    here = [Breaker("here", guard.state, guard.changed, guard.failures)] if guard else []
    return here + [_told(worker) for worker in workers.others() if worker["breaker"] != "off"]


def _told(worker: dict[str, object]) -> Breaker:
    changed = worker["changed"]
    return Breaker(
        f"at {worker['host']} {worker['pid']} (seen {worker['seen']})",
        str(worker["breaker"]),
        None if changed is None else str(changed),
        int(str(worker["failures"])),
    )
