"""`msgmodule reconcile`: bring up what is behind, once or again and again."""

import signal
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from service.cli.common import json_option, selected, selection_options, services_of, show
from service.cli.progress import JsonLog, json_log_option
from service.errors import DatabaseNotReady, DatabaseUnavailable, MessagingError
from service.services import Services
from service.storage.cif.owner import Owners
from service.storage.pending import Pending
from service.sync.catch_up import CatchUp
from service.sync.reconcile import Reconciler, Repairs
from settings import Profile


@click.command()
@selection_options
@click.option("--watch", type=click.FloatRange(min=0.1), metavar="SECONDS", help="Repair all, again after each pause.")
@json_log_option
@json_option
@click.pass_context
def reconcile(
    context: click.Context,
    *,
    depositions: tuple[str, ...],
    depositions_file: Path | None,
    directory: Path | None,
    everything: bool,
    watch: float | None,
    json_log: Path | None,
    as_json: bool,
) -> None:
    """Sync the depositions whose stores differ: with --all those that are marked or whose files are not as recorded.

    With --all it also notes the locks of other programs that it sees, for `msgmodule health` and the metrics, and copies
    again what could not be copied for the depositors.
    Exit 1 when something could not be repaired.
    """
    if watch is not None and (depositions or depositions_file or directory):
        raise click.UsageError("--watch repairs all that is behind: leave the selection out")
    found, told = services_of(context), _Told(JsonLog(json_log), as_json)
    if watch is not None:
        _watch(found, watch, told)
        return
    chosen = None
    if not everything:
        chosen = selected(found, depositions, depositions_file, directory, everything=False)
    if not _repaired(found, chosen, told):
        context.exit(1)


@dataclass(frozen=True, slots=True)
class _Told:
    """Where a repair is told of: on the terminal and in a log."""

    log: JsonLog
    as_json: bool

    def failed(self, deposition_data_set_id: str, error: MessagingError) -> None:
        self.log("not repaired", "warning", deposition_data_set_id=deposition_data_set_id, error=error.message)
        click.echo(f"{deposition_data_set_id}: {error.message}", err=True)

    def ended(self, repairs: Repairs) -> None:
        self.log("reconcile ended", counts=asdict(repairs))
        show(asdict(repairs), as_json=self.as_json)


def _watch(found: Services, seconds: float, told: _Told) -> None:
    """Repair until a signal ends it; what fails now is tried again after the pause."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    while not ended.is_set():
        try:
            _repaired(found, None, told)
        except MessagingError as error:
            click.echo(f"msgmodule: {error.message}", err=True)
        ended.wait(seconds)


def _repaired(found: Services, chosen: Iterable[str] | None, told: _Told) -> bool:
    """Repair the chosen depositions, or all that are behind, and note locks then; tell whether nothing is left to repair."""
    profile = found.profile
    repaired = True
    if profile.is_dual:
        repaired = _synced(found, profile, chosen, told)
    else:
        if profile.uses_database:
            repaired = _caught_up(found, told)
        click.echo(f"{profile.name} keeps one store; there is nothing to reconcile", err=True)
        told.ended(Repairs())
    if chosen is None:
        Pending(found.stores.state_dir).sweep()
        Owners(found.stores.state_dir).sweep()
        if profile.writes_cif:
            repaired = _mirrored(found, told) and repaired
            found.stores.cif.note_locks()
    return repaired


def _mirrored(found: Services, told: _Told) -> bool:
    """Copy again for the depositors what could not be copied; tell whether nothing is left."""
    left = list(found.stores.cif.mirror_again())
    for deposition_data_set_id, error in left:
        told.failed(deposition_data_set_id, error)
    return not left


def _caught_up(found: Services, told: _Told) -> bool:
    """Bring in what requests that began under the profile before have kept for the database; tell whether nothing is left.

    Raises DatabaseUnavailable and DatabaseNotReady, for then nothing can be.
    """
    stores = found.stores
    pending, catch_up = Pending(stores.state_dir), CatchUp(stores.database, stores.state_dir, stores.observer)
    is_done = True
    for deposition_data_set_id in sorted({*pending.depositions(), *pending.begun()}):
        try:
            catch_up.run(deposition_data_set_id)
        except (DatabaseUnavailable, DatabaseNotReady):
            raise
        except MessagingError as error:
            is_done = False
            told.failed(deposition_data_set_id, error)
    return is_done


def _synced(found: Services, profile: Profile, chosen: Iterable[str] | None, told: _Told) -> bool:
    stores = found.stores
    reconciler = Reconciler(stores.cif, stores.database, stores.sync(profile), stores.state_dir)
    done = reconciler.repair(reconciler.behind() if chosen is None else chosen, told.failed)
    told.ended(done)
    return not done.failed
