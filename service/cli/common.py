"""What the commands share: the services they work with, how they print, and which depositions they are given."""

import getpass
import json
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar, cast

import click
from flask import Flask

from service.services import Services, assemble
from service.vocabulary import is_deposition_id
from settings import Settings

F = TypeVar("F", bound=Callable[..., Any])

_FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)
_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def settings_of(context: click.Context) -> Settings:
    """Give the settings that the command was started with."""
    return cast(Settings, context.find_root().obj)


def services_of(context: click.Context) -> Services:
    """Assemble the services; the active profile stays as it is."""
    return assembled(settings_of(context))


def assembled(settings: Settings) -> Services:
    """Assemble services of their own, with connections of their own."""
    return assemble(Flask("msgmodule"), settings)


def show(body: Mapping[str, object], *, as_json: bool) -> None:
    """Print a result: as JSON, or a line for each entry."""
    if as_json:
        click.echo(json.dumps(body, indent=1))
    else:
        for name, value in body.items():
            click.echo(f"{name}: {value}")


def selection_options(command: F) -> F:
    """Add the options that select depositions; they are the same in every command (DESIGN.md section 8)."""
    for option in (
        click.option("--all", "everything", is_flag=True, help="Every deposition under cif_root."),
        click.option("--directory", type=_FOLDER, help="Those named there."),
        click.option("--depositions-file", type=_FILE, help="One id a line."),
        click.option("--deposition", "depositions", multiple=True, help="One id; may be repeated."),
    ):
        command = option(command)
    return command


def caller() -> str:
    """Name who runs a command, for the audit trail."""
    return f"{getpass.getuser()}@{socket.gethostname()}"


def checked_ids(names: Iterable[str]) -> tuple[str, ...]:
    """Give the ids of depositions as they are spelt, each once. Raises UsageError naming what is none."""
    names = tuple(names)
    wrong = [name for name in names if not is_deposition_id(name.upper())]
    if wrong:
        raise click.UsageError(f"no deposition ids: {', '.join(wrong)}; use D_ and digits, or G_ and seven digits")
    return tuple(dict.fromkeys(name.upper() for name in names))


def selected(
    found: Services,
    depositions: tuple[str, ...],
    depositions_file: Path | None,
    directory: Path | None,
    everything: bool,
    *,
    known: Callable[[], Iterable[str]] | None = None,
) -> Iterator[str]:
    """Give the selected ids, each once; raise UsageError where nothing is selected or an id is none.

    `known` lists everything that there is; without it that is the tree of the files.
    """
    if not (depositions or depositions_file or directory or everything):
        raise click.UsageError("select depositions with --deposition, --depositions-file, --directory or --all")
    named = checked_ids([*depositions, *(_lines(depositions_file) if depositions_file else ())])
    listed = sorted(path.name for path in directory.iterdir() if is_deposition_id(path.name)) if directory else []
    every = (known or found.stores.cif.site.depositions)() if everything else ()
    return iter(dict.fromkeys(chain(named, listed, every)))


def _lines(path: Path) -> Iterator[str]:
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{path} is no text in UTF-8: {error}") from error
    return (line for line in lines if line and not line.startswith("#"))
