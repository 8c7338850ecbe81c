"""`msgmodule deploy`: build, install, schema, restart, health; each step must succeed before the next one."""

import json
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import click

from service.cli.common import settings_of
from service.cli.stamp import ENVIRONMENTS
from service.storage.durable import exclusive

#: Seconds between two questions whether a service that was restarted is ready.
_PAUSE = 0.2


def _address(_context: click.Context, _option: click.Parameter, url: str) -> str:
    """Refuse what is no address, before anything is done."""
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        raise click.BadParameter(f"{url!r} is no address: give http://HOST:PORT")
    return url


def _command(_context: click.Context, _option: click.Parameter, text: str) -> list[str]:
    """Refuse a command that cannot be run, before anything is done."""
    try:
        command = shlex.split(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is no command: {error}") from error
    if not command or shutil.which(command[0]) is None:
        raise click.BadParameter(f"{text!r} is no command of this machine")
    return command


@click.command()
@click.argument("environment", type=click.Choice(ENVIRONMENTS))
@click.option("--source", type=click.Path(path_type=Path, exists=True), default=".", help="The checkout to build.")
@click.option(
    "--target",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The virtual environment to install in.",
)
@click.option(
    "--restart",
    required=True,
    callback=_command,
    help="The command that restarts the service, e.g. `touch /srv/messaging/wsgi.py`.",
)
@click.option(
    "--url", required=True, callback=_address, help="Where the running service answers, e.g. http://127.0.0.1:8000."
)
@click.option("--wait", default=60, show_default=True, type=click.IntRange(0), help="Seconds in which it must be ready.")
@click.option("--confirm", is_flag=True, help="Needed for production.")
@click.option("--check", is_flag=True, help="Do nothing but look at what is given.")
@click.pass_context
def deploy(
    context: click.Context,
    *,
    environment: str,
    source: Path,
    target: Path,
    restart: list[str],
    url: str,
    wait: int,
    confirm: bool,
    check: bool,
) -> None:
    """Bring a checkout into service and ask the running service whether it is ready; exit 1 at the step that fails."""
    if environment == ENVIRONMENTS[-1] and not confirm:
        raise click.UsageError("production is deployed with --confirm only (CONFIRM=yes with make)")
    if check:
        return
    with exclusive(settings_of(context).state_dir / "deploy.lock"), tempfile.TemporaryDirectory() as wheels:
        for name, command in _steps(source, target, restart, Path(wheels), environment):
            click.echo(f"{name}: {shlex.join(command)}")
            if subprocess.run(command, check=False).returncode != 0:  # noqa: S603 - the operator's own command
                click.echo(f"msgmodule: {name} failed; nothing behind it was done", err=True)
                context.exit(1)
    click.echo(f"health: {_ready(url, wait)}")
    click.echo("way back: deploy the version before, with --source; the active profile was not touched")


def _steps(
    source: Path, target: Path, restart: list[str], wheels: Path, environment: str
) -> Iterator[tuple[str, list[str]]]:
    """Give the steps; the wheel's name is known only once it is built."""
    pip = [str(target / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    if not (target / "bin" / "python").exists():
        yield "environment", [sys.executable, "-m", "venv", str(target)]
    yield "requirements", [*pip, "install", "--quiet", "-r", str(source / "requirements.lock")]
    yield "build", [*pip, "wheel", "--quiet", "--no-deps", "--wheel-dir", str(wheels), str(source)]
    wheel = next(wheels.glob("*.whl"))
    yield "install", [*pip, "install", "--quiet", "--no-deps", "--force-reinstall", str(wheel)]
    yield "schema", [str(target / "bin" / "msgmodule"), "db", "init", "--env", environment]
    yield "restart", restart


def _ready(url: str, wait: int) -> str:
    """Ask the service until it is ready, for `wait` seconds: a service manager may return before it listens.

    Raises ClickException, which exits 1, where it does not come.
    """
    until = time.monotonic() + wait
    while True:
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=30) as answer:  # noqa: S310 - http or https, checked above
                return f"ready under {json.load(answer)['profile']}"
        except urllib.error.HTTPError as error:
            error.close()
            told, may_come = str(error), error.code == HTTPStatus.SERVICE_UNAVAILABLE
        except (OSError, HTTPException) as error:
            told, may_come = str(error), True
        except (ValueError, KeyError, TypeError):
            told, may_come = "the answer is not that of this service", False
        if not may_come or time.monotonic() > until:
            raise click.ClickException(f"{url}/readyz: {told}; the service is not ready")
        time.sleep(_PAUSE)
