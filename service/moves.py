"""The moves between profiles: what each needs, and what the switch brings up for it (DESIGN.md section 7)."""

from collections.abc import Callable
from dataclasses import dataclass

from service import conditions, preparation
from service.conditions import Condition
from service.leases import leases_of
from service.preparation import Preparation
from service.situation import Check, Situation
from settings import Profile, Settings


@dataclass(frozen=True, slots=True)
class Move:
    """What is asked first, what is brought up then, what is asked of the result, and what is brought up once it is made."""

    first: tuple[Condition, ...]
    prepare: Preparation
    then: tuple[Condition, ...]
    after: Preparation = preparation.nothing


_MOVES: dict[tuple[int, int], Move] = {
    (0, 1): Move((conditions.database_usable, conditions.cif_usable), preparation.nothing, ()),
    (1, 2): Move(
        (conditions.database_usable, conditions.cif_usable, conditions.breaker_closed),
        preparation.sync_known,
        (
            conditions.none_behind,
            conditions.archive_in_database,
            conditions.verified,
            conditions.no_shadow_mismatch,
        ),
    ),
    (2, 3): Move(
        (conditions.database_usable,),
        preparation.sync_known,
        (conditions.none_behind, conditions.archive_in_database, conditions.verified, conditions.files_quiet),
    ),
    (3, 2): Move(
        (conditions.database_usable, conditions.cif_usable),
        preparation.sync_marked,
        (conditions.exported,),
        after=preparation.sync_marked,
    ),
    (2, 1): Move((conditions.cif_usable,), preparation.complete_files, (conditions.files_complete,)),
    (1, 0): Move((), preparation.restore_kept, (conditions.files_complete, conditions.kept_in_files)),
}


def move_of(profile: Profile, target: Profile) -> Move:
    """Give the move between two adjacent profiles."""
    return _MOVES[profile.phase, target.phase]


def adjacent(profile: Profile, target: Profile, settings: Settings) -> Check:
    """Check that a profile is one step away; nothing else is ever reached."""
    if target.phase == profile.phase:
        return Check("adjacent", ok=False, found=f"{profile.name} is active already", remedy="there is nothing to switch")
    step = 1 if target.phase > profile.phase else -1
    nearest = settings.profiles[profile.phase + step].name
    found = f"{profile.name} is active and {target.name} is {abs(target.phase - profile.phase)} steps away"
    return Check("adjacent", target.adjacent_to(profile), found, f"the next step on the way is {nearest}")


def drained(situation: Situation) -> Check:
    """Check that no worker answers under an older profile still: only adjacent ones are compatible with each other."""
    epoch = situation.active.epoch
    is_idle = leases_of(situation.settings.state_dir).oldest(epoch) >= epoch  # and then has nothing to report with
    workers = situation.workers.others() if is_idle else situation.workers.all()
    lagging = [w for w in workers if int(str(w["epoch"])) < epoch]
    names = ", ".join(f"{w['host']}/{w['pid']} (epoch {w['epoch']})" for w in lagging)
    found = f"{len(lagging)} workers are not under epoch {epoch} yet{': ' if names else ''}{names}"
    remedy = "wait for their requests to end; of a worker that is gone for good remove the file in state_dir/workers"
    return Check("drained", not lagging, found, remedy)


def checked(situation: Situation, asked: tuple[Callable[[Situation], Check], ...]) -> list[Check]:
    """Ask conditions in their order."""
    return [ask(situation) for ask in asked]
