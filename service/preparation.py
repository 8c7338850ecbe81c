"""What a switch brings up before its conditions are looked at, and after it: syncs that the next access would do as well."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from service.errors import Crossing, DatabaseUnavailable, MessagingError, NotFound, StoreUnavailable
from service.situation import Brought, Situation
from service.storage.dual import AWAY
from service.sync.conflict_log import ConflictLog
from service.sync.restore import restore

#: Hands on what it is given, and may show how far that is.
Progress = Callable[[Sequence[str], str], Iterable[str]]
Preparation = Callable[[Situation, Progress], Brought]

#: How often what was changed meanwhile is brought up as well, before the move is made all the same.
_PASSES = 5


def silent(depositions: Sequence[str], what: str) -> Iterable[str]:  # noqa: ARG001 - the shape of Progress
    """Show nothing."""
    return depositions


def nothing(situation: Situation, progress: Progress) -> Brought:  # noqa: ARG001 - the shape of Preparation
    """Bring up nothing."""
    return Brought()


def sync_known(situation: Situation, progress: Progress) -> Brought:
    """Sync what is marked, and what the database knows but not as its files are; an import is not made on the side."""
    brought = Brought()
    _each(situation.sync, progress(_known(situation), "sync"), brought)
    return brought


def sync_marked(situation: Situation, progress: Progress) -> Brought:
    """Sync what is marked as behind, in passes until nothing is left but what is written meanwhile."""
    brought = Brought()
    for _ in range(_PASSES):
        left = [d for d in situation.reconciler.marked() if d not in brought.failed]
        if not left:
            break
        _each(situation.sync, progress(left, "export"), brought)
    return brought


def complete_files(situation: Situation, progress: Progress) -> Brought:
    """Sync what the files are known to lack; while the database is away the marks alone say what that is."""
    brought = Brought()
    try:
        left = situation.reconciler.marked()
    except StoreUnavailable:
        left = list(situation.markers.depositions())
    _each(situation.sync, progress(left, "sync"), brought)
    return brought


def restore_kept(situation: Situation, progress: Progress) -> Brought:
    """Give the files what they lack: by a sync what is marked, and while the database answers what another program may have
    taken away; by themselves acknowledged changes that only wait for the database.
    """
    brought = Brought()
    try:
        left = _known(situation)
    except AWAY:
        left = list(situation.markers.depositions())
    _each(situation.sync, progress(left, "sync"), brought)
    stores = situation.stores
    restored = partial(restore, stores.cif, situation.pending, ConflictLog(stores.state_dir, stores.observer))
    _each(restored, progress(situation.pending.depositions(), "restore"), brought)
    return brought


def _known(situation: Situation) -> list[str]:
    """List what may differ, but for depositions that were never imported. Raises DatabaseUnavailable."""
    recorded = situation.stores.database.recorded()
    return [d for d in situation.reconciler.behind() if d in recorded or situation.pending.has(d)]


def _each(work: Callable[[str], None], depositions: Iterable[str], brought: Brought) -> None:
    """Do the work on each; one that fails is kept with its reason, and a database that is down ends it."""
    for key in depositions:
        try:
            work(key)
        except Crossing:
            continue  # written all the time: it stays marked, and comes up at an access
        except NotFound:
            continue  # marked for a change that was not made, and known to no store: the sync has taken the mark away
        except MessagingError as error:
            brought.failed[key] = error.message
            if isinstance(error, DatabaseUnavailable):
                return
        else:
            brought.done += 1
