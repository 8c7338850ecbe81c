"""What the checks of a move look at: the site as it is, and what was brought up for the move."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from service.active import Active, Workers
from service.errors import SwitchRefused
from service.storage.build import Stores
from service.storage.markers import Markers
from service.storage.pending import Pending
from service.sync.reconcile import Reconciler
from settings import Profile, Settings


@dataclass(frozen=True, slots=True)
class Check:
    """One condition of a move: whether it holds, what was found, and what to do where it does not."""

    name: str
    ok: bool
    found: str
    remedy: str


@dataclass(slots=True)
class Brought:
    """What was brought up before a move, and why the rest could not be."""

    done: int = 0
    failed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Situation:
    """A site before a move. `brought` is `None` where it is only looked at, and nothing may be changed."""

    settings: Settings
    stores: Stores
    active: Active
    profile: Profile
    target: Profile
    brought: Brought | None = None

    @property
    def workers(self) -> Workers:
        return Workers(self.settings.state_dir)

    @property
    def pending(self) -> Pending:
        return Pending(self.settings.state_dir)

    @property
    def markers(self) -> Markers:
        return Markers(self.settings.state_dir)

    @property
    def reconciler(self) -> Reconciler:
        stores = self.stores
        return Reconciler(stores.cif, stores.database, stores.sync(self.profile), stores.state_dir)

    def sync(self, deposition_data_set_id: str) -> None:
        """Make both stores equal for one deposition. Raises FileUnavailable where its files cannot be brought up."""
        self.stores.sync(self.profile).run(deposition_data_set_id, "switch").require_files()


def some(depositions: Iterable[str], what: str, reasons: dict[str, str] | None = None) -> str:
    """Say how many depositions are something, and name the first of them."""
    names = list(depositions)
    shown = [f"{name} ({reasons[name]})" if reasons and name in reasons else name for name in names[:5]]
    return f"{len(names)} depositions {what}{': ' if names else ''}{', '.join(shown)}{', …' if len(names) > 5 else ''}"


def refusal(target: Profile, failed: list[Check]) -> SwitchRefused:
    """Give the error that names the conditions of a profile that do not hold, with their remedies."""
    remedies = "; ".join(f"{c.name}: {c.found}. {c.remedy}" for c in failed)
    return SwitchRefused(f"{target.name} is not safe now: {remedies}", checks=[asdict(c) for c in failed])
