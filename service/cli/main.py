"""The console script: settings first, then the command. Exit codes: 0 done, 1 failed or differs, 2 usage or settings."""

import io
import sys
from importlib.metadata import version

import click

from service import logs
from service.cli import (
    backend,
    backup,
    db,
    demo,
    deploy,
    export,
    health,
    profile,
    recent,
    reconcile,
    run,
    status,
    token,
    transfer,
    validate,
    verify,
)
from service.errors import InvalidInput, MessagingError
from settings import SettingsError, load


@click.group()
@click.version_option(version("onedep-messaging"))
@click.pass_context
def cli(context: click.Context) -> None:
    """Store and serve the correspondence of OneDep from CIF files, a database, or both."""
    context.obj = load()


COMMANDS = (
    run.run,
    demo.demo,
    db.db,
    transfer.import_,
    export.export_,
    verify.verify,
    reconcile.reconcile,
    recent.recent,
    backup.backup,
    backup.restore,
    profile.profile,
    health.health,
    token.token,
    backend.backend_info,
    backend.feature_flags,
    status.status,
    status.monitor,
    status.troubleshoot,
    status.logs,
    validate.command,
    deploy.deploy,
)
for command in COMMANDS:
    cli.add_command(command)


def main() -> None:
    """Run a command; say what went wrong on stderr, without a traceback for what the operator can remedy."""
    logs.configure()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # what a terminal cannot show is spelt out
    try:
        cli.main(prog_name="msgmodule", standalone_mode=True)
    except SettingsError as error:
        _fail(str(error), 2)
    except InvalidInput as error:
        _fail(error.message, 2)
    except MessagingError as error:
        _fail(error.message, 1)


def _fail(message: str, code: int) -> None:
    click.echo(f"msgmodule: {message}", err=True)
    sys.exit(code)
