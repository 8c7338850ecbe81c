"""`msgmodule recent`: the messages of all depositions, newest first, with the options of upstream's tool."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TextIO, cast

import click

from service.cli.common import checked_ids, json_option, services_of
from service.cli.progress import JsonLog, json_log_option
from service.recent import Listing
from service.recentformats import Form, form
from service.services import recent as recent_of
from service.storage.durable import faults
from service.vocabulary import CONTENT_TYPES
from service.window import Wanted, days_ago, moment
from service.words import Keyword
from settings import SettingsError

_MANY = frozenset({"--deposition", "--depositions", "--content-type", "--keyword", "--keywords"})
#: Characters of a list that are kept in memory before they are put aside.
_IN_MEMORY = 1024 * 1024


class _Gathering(click.Command):
    """A command whose options may take several values behind them, as upstream's do: `--keywords a b`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, list(_spread(args)))


def _spread(args: list[str]) -> Iterator[str]:
    """Name an option that takes several values before each of them."""
    gathering, waits = "", False
    for arg in args:
        if arg.startswith("-"):
            gathering, waits = (arg, True) if arg in _MANY else ("", False)
        elif gathering and not waits:
            yield gathering
        else:
            waits = False
        yield arg


@click.command(cls=_Gathering)
@click.option("--days", type=click.IntRange(0, 36500), help="Those of the last so many days.")
@click.option("--start-date", help="Those from then on: YYYY-MM-DD HH:MM:SS, YYYY-MM-DD or YYYY/MM/DD, UTC.")
@click.option("--end-date", help="Those up to then; a bare date means its beginning.")
@click.option("--site-id", help="The site they are listed for; this one.")
@click.option("--deposition", "--depositions", "depositions", multiple=True, help="Of these; may take several.")
@click.option(
    "--content-type", "content_types", multiple=True, type=click.Choice(CONTENT_TYPES), help="In these files; several."
)
@click.option("--sender", help="Part of the sender's name; case is no difference.")
@click.option("--keyword", "--keywords", "keywords", multiple=True, help="In subject or text; several, and all of them.")
@click.option("--substring", is_flag=True, help="Look for keywords inside words too, not at their beginning only.")
@click.option("--text", "with_text", is_flag=True, help="Show the message texts.")
@click.option("--format", "format_", type=click.Choice(("json", "csv", "text")), default="json", show_default=True)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file.")
@click.option("--compact", is_flag=True, help="Write JSON in one line.")
@json_option
@json_log_option
@click.pass_context
def recent(
    context: click.Context,
    *,
    days: int | None,
    start_date: str | None,
    end_date: str | None,
    site_id: str | None,
    depositions: tuple[str, ...],
    content_types: tuple[str, ...],
    sender: str | None,
    keywords: tuple[str, ...],
    substring: bool,
    with_text: bool,
    format_: str,
    output: Path | None,
    compact: bool,
    as_json: bool,
    json_log: Path | None,
) -> None:
    """List messages, newest first; times are UTC. Exit 1 when a deposition could not be read; the list says which lack."""
    if (days is None) == (start_date is None):
        raise click.UsageError("give either --days or --start-date")
    if as_json and format_ != "json":
        raise click.UsageError(f"give either --json or --format {format_}")
    wanted = Wanted(
        since=moment("--start-date", start_date) if start_date is not None else days_ago(days or 0),
        until=moment("--end-date", end_date) if end_date is not None else None,
        depositions=checked_ids(depositions),
        content_types=content_types,
        sender=sender,
        keywords=tuple(Keyword(word, substring) for word in keywords if word),
        with_text=with_text,
    )
    found = services_of(context)
    if site_id not in (None, found.settings.site_id):
        raise SettingsError(f"--site-id {site_id} is not this site, which is {found.settings.site_id}")
    listing = recent_of(found).listing(wanted)
    log = JsonLog(json_log)
    count = _write(listing, form(format_, with_text=with_text, compact=compact), output)
    for line in listing.unreadable:
        log("not listed", "warning", reason=line)
        click.echo(f"not listed: {line}", err=True)
    log("list ended", count=count, unreadable=len(listing.unreadable))
    if listing.unreadable:
        context.exit(1)


def _write(listing: Listing, written: Form, output: Path | None) -> int:
    """Write a list once all of it was read, and count it; the head says how long it is, and none breaks off midway."""
    with tempfile.SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="utf-8", newline="") as spool:
        count = 0
        for found in listing:
            spool.write(written.part(found, count))
            count += 1
        spool.seek(0)
        if output is None:
            _copy(written, count, cast(IO[str], spool), sys.stdout)
            return count
        temporary = output.with_name(f".{output.name}.tmp")
        with faults(output), temporary.open("w", encoding="utf-8", newline="") as target:
            _copy(written, count, cast(IO[str], spool), target)
        with faults(output):
            temporary.replace(output)
    return count


def _copy(written: Form, count: int, spool: IO[str], target: TextIO | IO[str]) -> None:
    target.write(written.head(count))
    shutil.copyfileobj(spool, target)
    target.write(written.tail)
