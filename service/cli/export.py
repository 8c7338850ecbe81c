"""`msgmodule export`: bring files up to the database."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from service.cli.common import assembled, json_option, selected, selection_options, services_of, show
from service.cli.progress import JsonLog, json_log_option, shown
from service.cli.workers import spread
from service.services import Services
from service.sync.export import Archive, Exported, Outcome, Target, export
from service.sync.folder import Folder

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command("export")
@selection_options
@click.option("--output-dir", type=_FOLDER, help="Write the files there, not into the archive.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1), help="Processes on this machine.")
@click.option("--overwrite", is_flag=True, help="Touch files too that another program wrote.")
@json_log_option
@json_option
@click.pass_context
def export_(
    context: click.Context,
    *,
    depositions: tuple[str, ...],
    depositions_file: Path | None,
    directory: Path | None,
    everything: bool,
    output_dir: Path | None,
    workers: int,
    overwrite: bool,
    json_log: Path | None,
    as_json: bool,
) -> None:
    """Bring the files of the selected depositions up to the database; run again, it changes nothing.

    Without a selection: those whose files lack something. Exit 1 when one was refused or failed, or a selection found none.
    """
    found = services_of(context)
    selects = bool(depositions or depositions_file or directory or everything)
    if not selects and output_dir:
        raise click.UsageError("select what is to be written to --output-dir, or all of it with --all")
    if output_dir and output_dir.resolve().is_relative_to(found.settings.cif_root.resolve()):
        raise click.UsageError(f"{output_dir} lies in cif_root; leave --output-dir out to bring the site's own files up")
    if selects:
        known = found.stores.database.recorded
        chosen = sorted(selected(found, depositions, depositions_file, directory, everything, known=known))
    else:
        chosen = _archive(found, overwrite=overwrite).behind()

    def work(keys: Sequence[str]) -> Iterator[Exported]:
        """Connect anew: a connection must not be shared between processes."""
        own = assembled(found.settings)
        target = _folder(own, output_dir, overwrite=overwrite) if output_dir else _archive(own, overwrite=overwrite)
        return export(target, keys)

    done = work(chosen) if workers == 1 else spread(work, chosen, workers)
    counts, log = dict.fromkeys((outcome.value for outcome in Outcome), 0), JsonLog(json_log)
    for one in shown(done, len(chosen), "export"):
        counts[one.outcome.value] += 1
        log("exported", "warning" if one.error else "info", **asdict(one))
        if one.error:
            click.echo(f"{one.deposition_data_set_id}: {one.error}", err=True)
    log("export ended", found=len(chosen), counts=counts)
    show({"found": len(chosen), **counts}, as_json=as_json)
    if counts[Outcome.REFUSED.value] or counts[Outcome.FAILED.value] or (selects and not chosen):
        context.exit(1)


def _folder(found: Services, output_dir: Path, *, overwrite: bool) -> Target:
    settings = found.settings
    return Folder(output_dir, found.stores.database, settings.state_dir, settings.lock_timeout, overwrite=overwrite)


def _archive(found: Services, *, overwrite: bool) -> Archive:
    stores = found.stores
    return Archive(stores.cif, stores.database, stores.sync(found.profile), stores.state_dir, overwrite=overwrite)
