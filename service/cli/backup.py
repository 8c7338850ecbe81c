"""`msgmodule backup` and `msgmodule restore`: a site put into a folder, and back."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from service.backup.manifest import Manifest
from service.backup.restore import restore as put_back
from service.backup.write import back_up
from service.cli.common import json_option, services_of, show
from service.cli.progress import shown
from service.errors import MessagingError

_FOLDER = click.Path(path_type=Path)


@click.command()
@click.argument("directory", type=_FOLDER)
@json_option
@click.pass_context
def backup(context: click.Context, *, directory: Path, as_json: bool) -> None:
    """Write message files, database rows and state of the site into a new folder, while the service runs.

    The backup is read back and compared with its manifest. Exit 1 when a file is damaged: it is kept as it is.
    """
    with _tidied_at_sigterm():
        manifest = back_up(services_of(context), directory, shown)
    show(_told(directory, manifest), as_json=as_json)
    _complain_all(context, manifest.unreadable)


@click.command()
@click.argument("directory", type=_FOLDER)
@click.option("--confirm", is_flag=True, help="Replace what the site holds, newer data too; it is backed up first.")
@json_option
@click.pass_context
def restore(context: click.Context, *, directory: Path, confirm: bool, as_json: bool) -> None:
    """Put a backup into an empty site, its database of either kind; the service does not run meanwhile.

    The backup is compared with its manifest before anything is touched. With --confirm what the site holds is backed up
    beside the backup, in a folder named after it with `-replaced-` and the time, and then replaced. One that broke off is
    finished by running it again, and the service does not start before. Exit 1 when the backup is none, when it was changed,
    when the site is not empty and nothing was confirmed, or when a restored deposition cannot be read.
    """
    faults: list[str] = []
    root = directory.resolve()
    aside = root.with_name(f"{root.name}-replaced-{datetime.now(UTC):%Y%m%dT%H%M%SZ}") if confirm else None
    found = services_of(context)
    goes_on = found.switching.file.unfinished() is not None
    try:
        manifest = put_back(found, directory, faults.append, aside, shown)
    except MessagingError:
        if found.switching.file.unfinished() is not None:
            click.echo(
                "the restore broke off; mend what is named and run it again, before that the site does not start", err=True
            )
            click.echo(_where(root, aside, goes_on=goes_on), err=True)
        raise
    replaced = {"replaced": str(aside)} if aside and aside.exists() else {}
    show(_told(directory, manifest) | replaced, as_json=as_json)
    _complain_all(context, faults)


@contextmanager
def _tidied_at_sigterm() -> Iterator[None]:
    """Have SIGTERM end the work as an error does, so that nothing half done stays behind."""
    before = signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _where(root: Path, aside: Path | None, *, goes_on: bool) -> str:
    """Say where the correspondence is that a restore found."""
    if aside and aside.exists():
        return f"what the site held is in {aside}"
    if goes_on:
        return f"what the site held before the first try, if anything, is beside the backup, in {root.name}-replaced-…"
    return "the site was empty"


def _told(directory: Path, manifest: Manifest) -> dict[str, Any]:
    told = asdict(manifest)
    return {"directory": str(directory)} | {key: told[key] for key in ("made", "profile", "depositions", "files", "tables")}


def _complain_all(context: click.Context, faults: list[str] | tuple[str, ...]) -> None:
    for fault in faults:
        click.echo(fault, err=True)
    if faults:
        context.exit(1)
