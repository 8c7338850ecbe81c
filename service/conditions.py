"""The conditions of the moves between profiles. A condition only looks (DESIGN.md section 7)."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from service.breakers import breakers
from service.errors import MessagingError
from service.situation import Check, Situation, some
from service.storage.database import schema
from service.sync.kept import Kept
from service.sync.restore import still_there
from service.sync.sightings import ForeignWrites, Mismatches
from service.sync.verified import VALID, VerifyRecord

Condition = Callable[[Situation], Check]

#: Seconds between two looks at depositions that differ: a change that is only on its way has arrived by then.
_STILL = 1.0
#: A verify that began later than now, by a clock that is wrong, speaks for nothing; clocks may differ by so much.
_EARLY = timedelta(minutes=-5)


def condition(name: str, remedy: str) -> Callable[[Callable[[Situation], tuple[bool, str]]], Condition]:
    """Make a condition of a function that says whether it holds and what was found; what cannot be asked does not hold."""

    def made(look: Callable[[Situation], tuple[bool, str]]) -> Condition:
        def check(situation: Situation) -> Check:
            try:
                ok, found = look(situation)
            except MessagingError as error:
                ok, found = False, error.message
            return Check(name, ok, found, remedy)

        return check

    return made


@condition("database_usable", "start the database, or run `msgmodule db init`, which names what it cannot mend")
def database_usable(situation: Situation) -> tuple[bool, str]:
    """The schema is the one that this version works with, and a row can be written, read and removed."""
    database, status = situation.stores.database, schema.status(situation.settings)
    if not status.is_current:
        return False, status.fault
    return True, database.probe()[database.name]


@condition("cif_usable", "check the mount of cif_root, its space and permissions")
def cif_usable(situation: Situation) -> tuple[bool, str]:
    """A file can be locked, written, read and removed."""
    return True, situation.stores.cif.probe()[situation.stores.cif.name]


@condition(
    "breaker_closed",
    "wait until the database answers every worker; the next request of each closes its breaker; "
    "of one that is gone for good remove the file in state_dir/workers",
)
def breaker_closed(situation: Situation) -> tuple[bool, str]:
    """No process has given the database up."""
    told = breakers(situation.workers, situation.stores.database.guard)
    cut_off = [f"{one.state} {one.place}" for one in told if not one.is_closed]
    return not cut_off, ", ".join(cut_off) or f"closed in {len(told)} processes"


@condition("none_behind", "run `msgmodule reconcile --all` while both stores are up, then try again")
def none_behind(situation: Situation) -> tuple[bool, str]:
    """Neither store lacks anything of what was changed."""
    left = situation.reconciler.marked()
    return not left, some(left, "are behind", _failures(situation))


@condition("archive_in_database", "run `msgmodule import --all`, mend the files that it calls damaged, then try again")
def archive_in_database(situation: Situation) -> tuple[bool, str]:
    """Every deposition of the tree is in the database as its files are now."""
    stores = situation.stores
    recorded = stores.database.recorded()
    present = list(stores.cif.site.depositions())
    doubted = {d: recorded.get(d) for d in present if d not in recorded or not stores.cif.matches(d, recorded[d])}
    if doubted:
        time.sleep(_STILL)
        now = stores.database.recorded()
        doubted = {
            d: before
            for d, before in doubted.items()
            if now.get(d) == before and (before is None or not stores.cif.matches(d, before))
        }
    unreadable = [d for d in present if not stores.cif.is_readable(d)]
    if unreadable:
        return False, some(unreadable, f"of {len(present)} have a file that cannot be read; mend its permissions first")
    return not doubted, some(doubted, f"of {len(present)} are not in the database as their files are", _failures(situation))


@condition(
    "verified",
    "run `msgmodule verify --all`, settle what it finds with `msgmodule reconcile --deposition ID`, and verify again",
)
def verified(situation: Situation) -> tuple[bool, str]:
    """A full verify found no difference lately, and none since found one."""
    record = VerifyRecord(situation.settings.state_dir)
    full, doubted = record.full(), record.doubted()
    if full is None:
        return False, "no full verify was made of this database"
    found = f"{full.compared} depositions compared {_age(full.age)} ago, {full.differences} differences"
    if doubted:
        return False, f"{found}; {some(doubted, 'were found to differ since')}"
    return full.is_clean and _EARLY < full.age < VALID, found


@condition("no_shadow_mismatch", "find out what differed in mismatches.jsonl, then run `msgmodule verify --all`")
def no_shadow_mismatch(situation: Situation) -> tuple[bool, str]:
    """No answer was found to differ in the other store since the last full verify."""
    last = Mismatches(situation.settings.state_dir).last()
    full = VerifyRecord(situation.settings.state_dir).full()
    ok = last is None or (full is not None and last < datetime.fromisoformat(full.began))
    return ok, "no mismatch" if last is None else f"the last mismatch was seen at {last.isoformat(timespec='seconds')}"


@condition("files_quiet", "find the program that writes the files and end that, then wait for the setting quiet_period")
def files_quiet(situation: Situation) -> tuple[bool, str]:
    """No file was found written by another program for a while."""
    last = ForeignWrites(situation.settings.state_dir).last()
    if last is None:
        return True, "no file was found written by another program"
    when, deposition = last
    age = datetime.now(when.tzinfo) - when
    quiet = timedelta(seconds=situation.settings.quiet_period)
    return age >= quiet, f"{deposition} was found written by another program {_age(age)} ago; quiet is {_age(quiet)}"


@condition("exported", "mend what is named and run `msgmodule export`, or try again")
def exported(situation: Situation) -> tuple[bool, str]:
    """Every deposition that changed while the files were not written can be brought up.

    Those that are changed while the switch brings up the others are brought up at their next access, for they are marked.
    """
    left = situation.reconciler.marked()
    if situation.brought is None:
        return True, some(left, "are behind; the switch exports them first")
    failed = situation.brought.failed
    return not failed, some(failed, f"could not be exported, {situation.brought.done} were", failed)


@condition("files_complete", "run `msgmodule reconcile --all` while both stores are up, then try again")
def files_complete(situation: Situation) -> tuple[bool, str]:
    """The files lack nothing; the marks say so while the database is away."""
    marked = set(situation.markers.depositions())
    if situation.profile.reads == situation.stores.database.name:
        try:
            marked |= set(situation.stores.database.behind())
        except MessagingError as error:
            return not marked, f"{some(sorted(marked), 'are marked as behind', _failures(situation))} ({error.message})"
    return not marked, some(sorted(marked), "lack something in their files", _failures(situation))


@condition("kept_in_files", "remove what stands in the way of the named files, then try again")
def kept_in_files(situation: Situation) -> tuple[bool, str]:
    """Every acknowledged change that waits for the database is in its file, which will answer alone."""
    cif, pending = situation.stores.cif, situation.pending
    lacking = []
    for key in pending.depositions():
        with still_there(pending, key):
            files = cif.read(key).correspondence
        if Kept.of(pending, key).beside(files) != files:
            lacking.append(key)
    return not lacking, some(lacking, "lack acknowledged changes in their files", _failures(situation))


def _failures(situation: Situation) -> dict[str, str] | None:
    return situation.brought.failed if situation.brought else None


def _age(age: timedelta) -> str:
    return str(timedelta(seconds=int(age.total_seconds())))
