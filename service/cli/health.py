"""`msgmodule health`: the checks of `/admin/health`, without the service."""

import click

from service.cli.common import json_option, services_of, show
from service.health import report


@click.command()
@json_option
@click.pass_context
def health(context: click.Context, *, as_json: bool) -> None:
    """Write, read and remove a probe in each store of the active profile; exit 1 when a check fails."""
    found = report(services_of(context))
    if as_json:
        show(found.body(), as_json=True)
    else:
        click.echo(f"profile: {found.profile}, epoch {found.epoch}")
        for one in found.findings:
            click.echo(f"{'ok  ' if one.ok else 'FAIL'} {one.name} ({one.milliseconds:g} ms): {one.found}")
    if not found.ok:
        context.exit(1)
