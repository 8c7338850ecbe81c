"""`msgmodule validate`: the configuration as it would be used, and the stores by using them."""

from dataclasses import asdict
from pathlib import Path

import click

from service.cli.common import json_option, services_of, settings_of, show
from service.services import Services
from service.validation import PASS, Result, validate
from settings import Settings, load
from settings.envfile import read_env_file


@click.command("validate")
@click.option("--config", is_flag=True, help="Check settings files, environment and every profile; exit 2 when refused.")
@click.option("--integration", is_flag=True, help="Use both stores on a scratch deposition, and run the quick tests.")
@click.option(
    "--env-file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Check the environment that this file of NAME=VALUE lines states, instead of the process's own.",
)
@json_option
@click.pass_context
def command(context: click.Context, *, config: bool, integration: bool, env_file: Path | None, as_json: bool) -> None:
    """Say of each check PASS, FAIL or UNKNOWN; only all PASS exits 0."""
    _require_sense(config=config, integration=integration, env_file=env_file)
    body = _checked(load(read_env_file(env_file)) if env_file else settings_of(context)) if config else {}
    results = _used(services_of(context)) if integration else []
    if as_json:
        show(body | ({"checks": [asdict(result) for result in results]} if integration else {}), as_json=True)
    else:
        show(body, as_json=False)
        for result in results:
            click.echo(f"{result.verdict:7} {result.name}: {result.found}")
    if any(result.verdict != PASS for result in results):
        context.exit(1)


def _require_sense(*, config: bool, integration: bool, env_file: Path | None) -> None:
    if not config and not integration:
        raise click.UsageError("say what to validate: --config, --integration or both")
    if env_file and not config:
        raise click.UsageError("--env-file is what --config checks: give that too")


def _used(found: Services) -> list[Result]:
    return validate(found.settings, found.profile)


def _checked(settings: Settings) -> dict[str, object]:
    """Say what was found good: a fault would have ended the command with 2 before. Another machine may have the files."""
    body: dict[str, object] = {key: f"good ({origin})" for key, origin in settings.origins.items()}
    if not (settings.cif_root / "archive").is_dir():
        body["cif_root"] = f"{body['cif_root']}, but there is no folder archive in it on this machine"
    return body | {"profiles": ", ".join(profile.name for profile in settings.profiles)}
