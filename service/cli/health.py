"""`msgmodule health`: the checks of `/admin/health`, without the service."""

import click

from service.cli.common import json_option, services_of, show
from service.health import report


@click.command()
@json_option
@click.pass_context
def health(context: click.Context, *, as_json: bool) -> None:
    """Check the stores of the active profile by using them, and what they stand on; exit 1 when a check fails."""
    found = report(services_of(context))
    if as_json:
        show(found.body(), as_json=True)
    else:
        click.echo(f"profile: {found.profile}, epoch {found.epoch}")
        for one in found.findings:
            verdict = "ok  " if one.ok else "FAIL"
            click.echo(f"{verdict} {one.name} ({one.milliseconds:g} ms): {one.found} [limit: {one.limit}]")
    if not found.ok:
        context.exit(1)
