"""Moving a site from profile to profile: the checks of a move, and the move itself (DESIGN.md section 7)."""

import time
from dataclasses import asdict, dataclass, replace

from service.active import LONGEST, Active, ActiveFile
from service.clock import utc_now
from service.errors import Conflict, MessagingError, SwitchRefused
from service.first_start import require_whole
from service.moves import Move, adjacent, checked, drained, move_of
from service.preparation import Progress, silent
from service.situation import Check, Situation, refusal
from service.storage.build import Stores
from service.text import one_line
from settings import Profile, Settings, SettingsError

#: Seconds that a move waits for the requests that still run under the one before.
DRAIN = 30.0
_POLL = 0.05
#: Seconds that one who asks for a move waits for another's.
_PATIENCE = 2.0


@dataclass(frozen=True, slots=True)
class Preflight:
    """The checks of a move, all of them, as they are now."""

    active: Active
    target: Profile
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)

    def body(self) -> dict[str, object]:
        return {
            "from": self.active.profile,
            "to": self.target.name,
            "epoch": self.active.epoch,
            "ok": self.ok,
            "checks": [asdict(check) for check in self.checks],
        }


def _stale(epoch: int, expected: int) -> Conflict:
    """Build the error for a move that was decided under another epoch; it says so as every other check of a move does."""
    check = Check("expected_epoch", ok=False, found=f"the epoch is {epoch}, not {expected}", remedy="look again")
    told = f"the profile was switched meanwhile: {check.found}; {check.remedy}"
    return Conflict(told, epoch=epoch, checks=[asdict(check)])


@dataclass(frozen=True, slots=True)
class Order:
    """Who asks for a move and why, and under which environment name it is decided."""

    who: str
    why: str
    environment: str
    force: bool = False
    progress: Progress = silent


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
        active = self.file.read()
        if active is not None and self._follows(active):
            return active  # without waiting for a move that is being made
        stated = self.settings.profile
        with self.file.changing():
            active = self.file.read()
            if active is None:
                return self._begin(stated)
            if self._follows(active):
                return active
            if stated.name == active.profile:
                active = replace(active, environment=stated.name)
                self.file.replace(active)
                return active
            return self._move(active, stated, Order("start", "started under another environment name", stated.name))

    def active(self) -> Active:
        """Give the active profile; where the service was never started, the one it would start with, as epoch 0."""
        stated = self.settings.profile.name
        return self.file.read() or Active(stated, 0, "", "", "never started", stated)

    def switch(
        self,
        to: str,
        expected_epoch: int | None,
        reason: str,
        who: str,
        *,
        force: bool = False,
        progress: Progress = silent,
    ) -> Active:
        """Make one move. Raises SettingsError (unknown profile), InvalidInput, Conflict (stale epoch) and SwitchRefused."""
        one_line("reason", reason, LONGEST)
        with self.file.changing(_PATIENCE):
            active = self.active()
            order = Order(who, reason, active.environment, force, progress)
            try:
                target = self.settings.profile_named(to)
            except SettingsError:
                self._audit(active, to[:LONGEST], order, result="unknown profile")
                raise
            if expected_epoch is not None and expected_epoch != active.epoch:
                self._audit(active, target.name, order, result="stale epoch")
                raise _stale(active.epoch, expected_epoch)
            if active.epoch == 0:
                active = self._begin(self.settings.profile)
            return self._move(active, target, order)

    def preflight(self, to: str) -> Preflight:
        """Run the checks of a move to a profile; nothing is changed. Raises SettingsError for an unknown one.

        One that is not adjacent is refused whatever else holds.
        """
        active, target = self.active(), self.settings.profile_named(to)
        situation = self._situation(active, target)
        first = adjacent(situation.profile, target, self.settings)
        if not first.ok:
            return Preflight(active, target, (first,))
        move = move_of(situation.profile, target)
        return Preflight(active, target, (first, *checked(situation, (drained, *move.first, *move.then))))

    def _follows(self, active: Active) -> bool:
        return not self.settings.stated_profile or self.settings.profile.name == active.environment

    def _situation(self, active: Active, target: Profile) -> Situation:
        profile = self.settings.profile_named(active.profile)
        return Situation(self.settings, self.stores, active, profile, target)

    def _begin(self, profile: Profile) -> Active:
        active = Active(profile.name, 1, "start", utc_now(), "first start", profile.name)
        try:
            require_whole(self._situation(active, profile))
        except SwitchRefused as refused:
            self.file.audit(event="first start", to=profile.name, who="start", result="refused", **refused.details)
            raise
        self.file.audit(event="first start", to=profile.name, epoch=1, who="start")
        self.file.replace(active)
        return active

    def _move(self, active: Active, target: Profile, order: Order) -> Active:
        """Bring up what the move needs, look, and move; the more that is changed meanwhile, the later that is settled."""
        situation = self._situation(active, target)
        first = adjacent(situation.profile, target, self.settings)
        if not first.ok:
            self._refuse(active, target, order, [first])
        move = move_of(situation.profile, target)
        checks = [self._drained(situation, DRAIN if not order.force else 0.0), *checked(situation, move.first)]
        if all(check.ok for check in checks):
            situation = replace(situation, brought=move.prepare(situation, order.progress))
        checks += checked(situation, move.then)
        failed = [check for check in checks if not check.ok]
        if failed and not order.force:
            self._refuse(active, target, order, failed)
        moved = Active(target.name, active.epoch + 1, order.who, utc_now(), order.why, order.environment)
        # told before it is done: a switch without its line would be worse than a line whose switch then failed
        self._audit(active, target.name, order, result="switched", forced=[c.name for c in failed], epoch=moved.epoch)
        self.file.replace(moved)
        if not failed:
            self._after(move, replace(situation, active=moved, profile=target), order)
        return moved

    def _after(self, move: Move, situation: Situation, order: Order) -> None:
        """Bring up what was written during the move; what cannot be is marked, and comes up at its next access."""
        try:
            left = move.after(situation, order.progress).failed
        except MessagingError as error:
            left = {"": error.message}
        if left:
            self.file.audit(event="left behind", epoch=situation.active.epoch, depositions=left)

    def _drained(self, situation: Situation, seconds: float) -> Check:
        """Wait until the workers have left the profile before, but not for ever."""
        deadline = time.monotonic() + seconds
        while not (check := drained(situation)).ok and time.monotonic() < deadline:
            time.sleep(_POLL)
        return check

    def _refuse(self, active: Active, target: Profile, order: Order, failed: list[Check]) -> None:
        self._audit(active, target.name, order, result="refused", failed=[asdict(check) for check in failed])
        raise refusal(target, failed)

    def _audit(self, active: Active, target: str, order: Order, **more: object) -> None:
        self.file.audit(event="switch", of=active.profile, to=target, who=order.who, reason=order.why, **more)
