"""`msgmodule db`: the schema of the database."""

import click

from service.cli import stamp
from service.cli.common import json_option, settings_of, show
from service.cli.stamp import ENVIRONMENTS
from service.storage.database import schema
from service.storage.database.schema import SchemaStatus


@click.group()
def db() -> None:
    """Create, upgrade and check the database's schema."""


@db.command()
@click.option("--adopt", is_flag=True, help="Take this database as the site's own, whatever was known before.")
@click.option("--env", "environment", type=click.Choice(ENVIRONMENTS), help="What the site is for; another kind is refused.")
@click.option("--verify-only", is_flag=True, help="Change nothing; exit 1 on any defect.")
@json_option
@click.pass_context
def init(context: click.Context, *, adopt: bool, environment: str | None, verify_only: bool, as_json: bool) -> None:
    """Create the database and its schema, or bring it up to date; a second run changes nothing.

    It exits 1 and names every table, column and key that is missing or different: those are not made again.
    """
    settings = settings_of(context)
    if environment:
        stamp.check(settings.state_dir, environment)
    found = schema.status(settings) if verify_only else schema.initialise(settings, adopt=adopt)
    if environment and not verify_only:
        stamp.put(settings.state_dir, environment)
    _show(context, found, as_json=as_json)


@db.command()
@json_option
@click.pass_context
def upgrade(context: click.Context, *, as_json: bool) -> None:
    """Bring the schema of the site's database up to date."""
    _show(context, schema.initialise(settings_of(context), adopt=False, create=False), as_json=as_json)


@db.command()
@json_option
@click.pass_context
def status(context: click.Context, *, as_json: bool) -> None:
    """Say which version the schema has; exit 1 when it is not current."""
    _show(context, schema.status(settings_of(context)), as_json=as_json)


def _show(context: click.Context, found: SchemaStatus, *, as_json: bool) -> None:
    """Print what was found; exit 1 where it is not the schema that this version works with."""
    body = {"version": found.version, "head": found.head, "defects": list(found.defects), "identity": found.identity}
    show({"current": found.is_current, **body}, as_json=as_json)
    if not found.is_current:
        context.exit(1)
