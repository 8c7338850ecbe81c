"""`msgmodule import`: bring files into the database."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from service.cli.common import assembled, json_option, selected, selection_options, services_of, show
from service.cli.progress import JsonLog, json_log_option, shown
from service.cli.workers import spread
from service.services import Services
from service.sync.rehearsal import DryRun
from service.sync.transfer import Imported, Importer, Totals


class Shard(click.ParamType[tuple[int, int]]):
    """One part of so many: `2/8` is the second of eight."""

    name = "I/N"

    def convert(
        self, value: str | tuple[int, int], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        part, _, parts = value.partition("/")
        if part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts):
            return int(part), int(parts)
        return self.fail(f"{value!r} is no part: give it as I/N, from 1/N to N/N", param, ctx)


@click.command("import")
@selection_options
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1), help="Processes on this machine.")
@click.option("--shard", type=Shard(), help="Only this part of the selected, to spread an archive over machines.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and write nothing.")
@json_log_option
@json_option
@click.pass_context
def import_(
    context: click.Context,
    *,
    depositions: tuple[str, ...],
    depositions_file: Path | None,
    directory: Path | None,
    everything: bool,
    workers: int,
    shard: tuple[int, int] | None,
    dry_run: bool,
    json_log: Path | None,
    as_json: bool,
) -> None:
    """Bring the selected depositions into the database; run again, it goes on, and changes nothing in the end.

    Safe while the service writes. Exit 1 when one was not found, damaged, conflicting or failed, or when there was none.
    """
    found = services_of(context)
    chosen = [
        key for key in selected(found, depositions, depositions_file, directory, everything) if _is_in(key, shard or (1, 1))
    ]
    totals, log = Totals(), JsonLog(json_log)
    for one in shown(_work(found, chosen, workers, dry_run=dry_run), len(chosen), "dry run" if dry_run else "import"):
        totals.add(one)
        body = {name: value for name, value in asdict(one).items() if value}
        log("imported" if one.error is None else "not imported", "warning" if one.error else "info", **body)
        if one.error:
            click.echo(f"{one.deposition_data_set_id}: {one.error}", err=True)
        if one.odd:
            click.echo(f"{one.deposition_data_set_id}: kept as it is: {'; '.join(one.odd)}", err=True)
    log("import ended", "info" if totals.is_clean else "warning", **asdict(totals))
    show(asdict(totals), as_json=as_json)
    if not totals.is_clean:
        context.exit(1)


def _is_in(key: str, shard: tuple[int, int]) -> bool:
    """Tell whether a deposition belongs to a part: the same one on every machine, however the archive grows."""
    part, parts = shard
    return zlib.crc32(key.encode()) % parts == part - 1


def _work(found: Services, chosen: Sequence[str], workers: int, *, dry_run: bool) -> Iterator[Imported]:
    if workers == 1:
        return _importer(found, dry_run=dry_run).run(chosen)
    settings = found.settings

    def work(keys: Sequence[str]) -> Iterator[Imported]:
        """Connect anew: a connection must not be shared between processes."""
        return _importer(assembled(settings), dry_run=dry_run).run(keys)

    return spread(work, chosen, workers)


def _importer(found: Services, *, dry_run: bool) -> Importer:
    stores, made = found.stores, DryRun if dry_run else Importer
    return made(stores.cif, stores.database, stores.sync(found.profile), stores.state_dir)
