"""`msgmodule run`: serve under gunicorn in the foreground."""

import os
import sys

import click

from service.cli.common import services_of
from service.errors import DatabaseNotReady, DatabaseUnavailable, SwitchRefused
from service.process_files import clear
from service.services import Services
from service.storage.database import schema
from settings import SettingsError
from settings.process import prepare_metrics


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1), help="Processes that answer.")
@click.pass_context
def run(context: click.Context, *, host: str, port: int, workers: int) -> None:
    """Decide the profile, check the schema, and serve until interrupted."""
    found = services_of(context)
    _require_schema(found)
    try:
        found.switching.start()
    except SwitchRefused as error:
        raise SettingsError(error.message) from error
    clear(prepare_metrics(found.settings, f"{host}:{port}"))
    arguments = ["-m", "gunicorn", "--config", "python:service.cli.server", "--bind", f"{host}:{port}"]
    # a new process: prometheus_client must not have been imported before it knows the folder
    os.execv(sys.executable, [sys.executable, *arguments, "--workers", str(workers), "wsgi:application"])  # noqa: S606


def _require_schema(found: Services) -> None:
    """Refuse to start over a database that answers but lacks the schema; one that is down may come back."""
    profile = found.profile
    if not profile.uses_database and not found.settings.profile.uses_database:
        return
    try:
        status = schema.status(found.settings)
    except DatabaseUnavailable as error:
        click.echo(f"msgmodule: starting although {error.message}", err=True)
        return
    except DatabaseNotReady as error:
        raise SettingsError(error.message) from error
    if not status.is_current:
        raise SettingsError(f"the database is not as it should be: {status.fault}")
