"""`msgmodule import`: bring files into the database."""

from dataclasses import asdict
from pathlib import Path

import click

from service.cli.common import json_option, selected, selection_options, services_of, show
from service.errors import MessagingError
from service.sync.transfer import Totals, import_depositions


@click.command("import")
@selection_options
@json_option
@click.pass_context
def import_(
    context: click.Context,
    *,
    depositions: tuple[str, ...],
    depositions_file: Path | None,
    directory: Path | None,
    everything: bool,
    as_json: bool,
) -> None:
    """Bring the selected depositions into the database; run again, it changes nothing.

    Exit 1 when one was not found, damaged or conflicting, or when there was none.
    """
    found = services_of(context)
    chosen = selected(found, depositions, depositions_file, directory, everything)
    profile = found.settings.profile_named(found.switching.active().profile)
    totals = import_depositions(found.stores.sync(profile), chosen, _complain)
    show(asdict(totals), as_json=as_json)
    if not _is_clean(totals):
        context.exit(1)


def _complain(deposition_data_set_id: str, error: MessagingError) -> None:
    click.echo(f"{deposition_data_set_id}: {error.message}", err=True)


def _is_clean(totals: Totals) -> bool:
    return totals.found > 0 and not (totals.failed or totals.conflicting)
