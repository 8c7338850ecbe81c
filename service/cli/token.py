"""`msgmodule token`: who may call."""

import click

from service.cli.common import json_option, settings_of, show
from service.security import Tokens
from settings import SCOPES


@click.group()
def token() -> None:
    """Create, list and revoke bearer tokens."""


@token.command()
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, required=True, type=click.Choice(SCOPES), help="What it allows; repeatable."
)
@click.option("--days", type=click.IntRange(1, 36500), help="How long it works; without, until it is revoked.")
@click.pass_context
def create(context: click.Context, *, name: str, scopes: tuple[str, ...], days: int | None) -> None:
    """Make a token and print it; it is shown this once."""
    click.echo(Tokens(settings_of(context).state_dir).create(name, scopes, days))


@token.command("list")
@json_option
@click.pass_context
def list_(context: click.Context, *, as_json: bool) -> None:
    """List the tokens by name, with their scopes, when they were made and when they end."""
    tokens = Tokens(settings_of(context).state_dir).all()
    show({t.name: {"scopes": list(t.scopes), "created": t.created, "expires": t.expires} for t in tokens}, as_json=as_json)


@token.command()
@click.argument("name")
@click.pass_context
def revoke(context: click.Context, *, name: str) -> None:
    """Remove a token; it stops working at the next request."""
    Tokens(settings_of(context).state_dir).revoke(name)
    click.echo(f"revoked: {name}")
