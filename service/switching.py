"""Moving a site from profile to profile: the checks of each move, and the move itself (DESIGN.md section 7)."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

from service.active import Active, ActiveFile, utc_now
from service.errors import Conflict, MessagingError, SwitchRefused
from service.storage.build import Stores
from service.storage.pending import Markers, Pending
from settings import Profile, Settings, SettingsError


@dataclass(frozen=True, slots=True)
class Check:
    """One condition of a move: whether it holds, what was found, and what to do where it does not."""

    name: str
    ok: bool
    found: str
    remedy: str


Condition = Callable[["Switching", Profile], Check]


class Switching:
    """Decide and make moves. Only adjacent profiles are reached, each move is audited, refused ones too."""

    def __init__(self, settings: Settings, stores: Stores) -> None:
        self.settings = settings
        self.stores = stores
        self.file = ActiveFile(settings.state_dir)

    def start(self) -> Active:
        """Decide the profile a starting process works under.

        The first start takes the stated one. Later a start under the name kept in the file, or under none, follows the
        file; another name is an operator's instruction and makes the same guarded switch. Raises SwitchRefused.
        """
        stated = self.settings.profile
        with self.file.changing():
            active = self.file.read()
            if active is None:
                return self._begin(stated)
            if not self.settings.stated_profile or stated.name == active.environment:
                return active
            if stated.name == active.profile:
                active = replace(active, environment=stated.name)
                self.file.replace(active)
                return active
            return self._move(active, stated, "started under another environment name", "start", environment=stated.name)

    def active(self) -> Active:
        """Give the active profile; where the service was never started, the one it would start with, as epoch 0."""
        stated = self.settings.profile.name
        return self.file.read() or Active(stated, 0, "", "", "never started", stated)

    def switch(self, to: str, expected_epoch: int | None, reason: str, who: str, *, force: bool = False) -> Active:
        """Make one move. Raises SettingsError for an unknown profile, Conflict for a stale epoch, SwitchRefused."""
        with self.file.changing():
            active = self.file.read() or self._begin(self.settings.profile)
            try:
                target = self.settings.profile_named(to)
            except SettingsError:
                self._audit(active, to, reason, who, result="unknown profile")
                raise
            if expected_epoch is not None and expected_epoch != active.epoch:
                self._audit(active, target.name, reason, who, result="stale epoch")
                raise Conflict(
                    f"the profile was switched meanwhile: the epoch is {active.epoch}, not {expected_epoch}; look again",
                    epoch=active.epoch,
                )
            return self._move(active, target, reason, who, environment=active.environment, force=force)

    def preflight(self, active: Profile, target: Profile) -> list[Check]:
        """Run the checks of a move; one that is not adjacent is refused whatever else holds."""
        adjacent = _adjacent(active, target, self.settings)
        if not adjacent.ok:
            return [adjacent]
        return [adjacent, *(condition(self, active) for condition in _CONDITIONS[active.phase, target.phase])]

    def _begin(self, profile: Profile) -> Active:
        checks = [_archive_in_database(self, profile)] if profile.reads == self.stores.database.name else []
        if not all(check.ok for check in checks):
            raise _refusal(profile, checks)
        active = Active(profile.name, 1, "start", utc_now(), "first start", profile.name)
        self.file.audit(event="first start", to=profile.name, epoch=1, who="start")
        self.file.replace(active)
        return active

    def _move(
        self, active: Active, target: Profile, reason: str, who: str, *, environment: str, force: bool = False
    ) -> Active:
        checks = self.preflight(self.settings.profile_named(active.profile), target)
        failed = [check for check in checks if not check.ok]
        if failed and (not force or failed[0] is checks[0]):
            self._audit(active, target.name, reason, who, result="refused", failed=[asdict(c) for c in failed])
            raise _refusal(target, failed)
        moved = Active(target.name, active.epoch + 1, who, utc_now(), reason, environment)
        # told before it is done: a switch without its line would be worse than a line whose switch then failed
        self._audit(active, target.name, reason, who, result="switched", forced=[c.name for c in failed], epoch=moved.epoch)
        self.file.replace(moved)
        return moved

    def _audit(self, active: Active, target: str, reason: str, who: str, **more: object) -> None:
        self.file.audit(event="switch", of=active.profile, to=target, who=who, reason=reason, **more)


def _refusal(target: Profile, failed: list[Check]) -> SwitchRefused:
    remedies = "; ".join(f"{c.name}: {c.found}. {c.remedy}" for c in failed)
    return SwitchRefused(f"{target.name} is not safe now: {remedies}", checks=[asdict(c) for c in failed])


def _adjacent(active: Profile, target: Profile, settings: Settings) -> Check:
    step = 1 if target.phase > active.phase else -1
    nearest = settings.profiles[active.phase + step].name if target.phase != active.phase else active.name
    found = f"{active.name} is active and {target.name} is {abs(target.phase - active.phase)} steps away"
    return Check("adjacent", target.adjacent_to(active), found, f"the next step on the way is {nearest}")


def _probed(store: str, remedy: str) -> Condition:
    def check(switching: Switching, _: Profile) -> Check:
        try:
            found = switching.stores.single(store).probe()[store]
        except MessagingError as error:
            return Check(f"{store}_usable", ok=False, found=error.message, remedy=remedy)
        return Check(f"{store}_usable", ok=True, found=found, remedy=remedy)

    return check


def _none_behind(switching: Switching, active: Profile) -> Check:
    """Neither store may lack anything of what was changed; what one lacks a sync brings up, and does."""
    remedy = "read or import these depositions while both stores are up, then try again"
    try:
        _bring_up(switching, active, _behind(switching))
        left = _behind(switching)
    except MessagingError as error:
        return Check("none_behind", ok=False, found=error.message, remedy=remedy)
    return Check("none_behind", ok=not left, found=_some(left, "behind"), remedy=remedy)


def _archive_in_database(switching: Switching, active: Profile) -> Check:
    """Every deposition of the tree is in the database as its files are now.

    One that is known but was changed since, by a legacy program or a writer that died, is brought up.
    """
    remedy = "run `msgmodule import --all`, then try again"
    try:
        missing, changed = _differing(switching)
        if not missing:
            _bring_up(switching, active, changed)
            missing, changed = _differing(switching)
    except MessagingError as error:
        return Check("archive_in_database", ok=False, found=error.message, remedy=remedy)
    left = missing + changed
    found = _some(left, "not in the database as their files are")
    return Check("archive_in_database", ok=not left, found=found, remedy=remedy)


def _differing(switching: Switching) -> tuple[list[str], list[str]]:
    """List the depositions of the tree that the database lacks, and those whose files are not as it recorded them."""
    recorded = switching.stores.database.recorded()
    present = list(switching.stores.cif.site.depositions())
    known = [d for d in present if d in recorded]
    return [d for d in present if d not in recorded], [d for d in known if not switching.stores.cif.matches(d, recorded[d])]


def _bring_up(switching: Switching, active: Profile, depositions: list[str]) -> None:
    for deposition in depositions:
        switching.stores.sync(active).run(deposition, "switch")


def _behind(switching: Switching) -> list[str]:
    state_dir = switching.settings.state_dir
    marked = (*Markers(state_dir).depositions(), *Pending(state_dir).depositions())
    return sorted({*switching.stores.database.behind(), *marked})


def _some(depositions: list[str], what: str) -> str:
    return f"{len(depositions)} depositions are {what}{': ' if depositions else ''}{', '.join(depositions[:5])}"


_DATABASE = _probed("database", "start the database, or run `msgmodule db init`")
_CIF = _probed("cif", "check the mount of cif_root, its space and permissions")

#: (phase, phase) -> what the move needs.
_CONDITIONS: dict[tuple[int, int], tuple[Condition, ...]] = {
    (0, 1): (_DATABASE, _CIF),
    (1, 2): (_DATABASE, _CIF, _none_behind, _archive_in_database),
    (2, 3): (_DATABASE, _none_behind, _archive_in_database),
    (3, 2): (_DATABASE, _CIF, _none_behind),
    (2, 1): (_CIF, _none_behind),
    (1, 0): (),
}
