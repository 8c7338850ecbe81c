"""Where a site stands in the migration, and what is left to do for the next step, with live figures."""

from collections.abc import Iterator
from dataclasses import dataclass

from service.errors import MessagingError
from service.situation import Check
from service.storage.build import Stores
from service.storage.markers import Markers
from service.storage.pending import Pending
from service.switching import Switching
from service.sync.verified import VerifyRecord
from settings import Settings


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as it is now, or why it cannot be told."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Guide:
    """The active profile, the figures, and the checks of the next profile; at the end of the way there is none."""

    profile: str
    epoch: int
    figures: tuple[Figure, ...]
    next: str | None
    checks: tuple[Check, ...]

    @property
    def is_ready(self) -> bool:
        return all(check.ok for check in self.checks)


def guide(settings: Settings, stores: Stores, switching: Switching) -> Guide:
    """Look at the site; nothing is changed."""
    active = switching.active()
    phase = settings.profile_named(active.profile).phase
    following = settings.profiles[phase + 1].name if phase + 1 < len(settings.profiles) else None
    checks = switching.preflight(following).checks if following else ()
    return Guide(active.profile, active.epoch, tuple(_figures(settings, stores)), following, checks)


def _figures(settings: Settings, stores: Stores) -> Iterator[Figure]:
    state_dir = settings.state_dir
    try:
        tree = set(stores.cif.site.depositions())
        yield Figure("depositions in files", str(len(tree)))
    except MessagingError as error:
        tree = set()
        yield Figure("depositions in files", error.message)
    try:
        known = stores.database.recorded()
        yield Figure("depositions in the database", str(len(known)))
        yield Figure("of the files' depositions, not imported", str(len(tree - known.keys())))
        yield Figure("depositions that the files lack something of", str(len(stores.database.behind())))
    except MessagingError as error:
        yield Figure("depositions in the database", error.message)
    yield Figure("depositions marked as behind outside the database", str(len(Markers(state_dir).depositions())))
    yield Figure("depositions with changes that wait for the database", str(len(Pending(state_dir).depositions())))
    full = VerifyRecord(state_dir).full()
    yield Figure(
        "last full verify",
        f"{full.ended}: {full.compared} compared, {full.differences} differences" if full else "none yet",
    )
