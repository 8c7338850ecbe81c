"""`msgmodule backend-info` and `feature-flags`: the active profile in the seed's words."""

import click

from service import backend, features
from service.backlog import backlog
from service.cli.common import caller, json_option, services_of, show
from service.errors import MessagingError
from service.services import Services
from settings import Profile
from settings.flags import FLAGS, profile_of_row

#: Every name of a flag that the seed uses -> its place in the row of four.
_PLACES = {
    name.lower(): place
    for place, (flag, variable) in enumerate(zip(backend.FLAGS, FLAGS, strict=True))
    for name in (flag, f"{flag}_enabled", variable)
}


@click.command("backend-info")
@json_option
@click.pass_context
def backend_info(context: click.Context, *, as_json: bool) -> None:
    """Show the active profile, its primary and stores, where each setting comes from, and what is behind."""
    found = services_of(context)
    profile = found.profile
    body = backend.backend_info(found, profile, backend.reason(found))
    show(body | {"behind": _behind(found, profile), "origins": _origins(found)}, as_json=as_json)


@click.group("feature-flags", invoke_without_command=True)
@json_option
@click.pass_context
def feature_flags(context: click.Context, *, as_json: bool) -> None:
    """Show the four flags of the active profile, circuit breaker and pooling, each with its origin."""
    if context.invoked_subcommand is None:
        show(backend.flag_lines(services_of(context)), as_json=as_json)


@feature_flags.command()
@click.argument("flag")
@click.option("--reason", default="", help="Why; kept in the audit trail.")
@click.pass_context
def enable(context: click.Context, *, flag: str, reason: str) -> None:
    """Switch a flag on: a profile switch with its checks, or a feature kept in state_dir."""
    _turn(context, flag, reason, on=True)


@feature_flags.command()
@click.argument("flag")
@click.option("--reason", default="", help="Why; kept in the audit trail.")
@click.pass_context
def disable(context: click.Context, *, flag: str, reason: str) -> None:
    """Switch a flag off, likewise."""
    _turn(context, flag, reason, on=False)


def _turn(context: click.Context, flag: str, reason: str, *, on: bool) -> None:
    found = services_of(context)
    name = flag.lower()
    if name in features.FEATURES:
        features.Features(found.settings.state_dir).switch(found.settings, name, on=on, who=caller(), reason=reason)
        click.echo(f"{name}: {backend.word(on=on)} for every process that starts from now on; restart the running ones")
    elif name in _PLACES:
        _switch(found, _PLACES[name], f"feature flag {name} {backend.word(on=on)}{': ' if reason else ''}{reason}", on=on)
    else:
        raise click.BadParameter(f"{flag!r} is no flag: use one of {', '.join([*_PLACES, *features.FEATURES])}")


def _switch(found: Services, place: int, reason: str, *, on: bool) -> None:
    profile = found.profile
    row = ["T" if value else "F" for value in backend.flags(profile).values()]
    row[place] = "T" if on else "F"
    target = profile_of_row("".join(row))
    if target == profile.name:
        click.echo(f"profile: {profile.name}, as it was")
        return
    after = found.switching.switch(target, None, reason, caller())
    click.echo(f"profile: {profile.name} -> {after.profile}, epoch {after.epoch}")


def _origins(found: Services) -> dict[str, str]:
    """Say where each setting comes from; the profile comes from the file of the active one, where there is such a file."""
    active = found.switching.file
    return dict(found.settings.origins) | ({"profile": str(active.path)} if active.read() else {})


def _behind(found: Services, profile: Profile) -> object:
    """Say what is behind, or that it is not known while the database is down."""
    try:
        return list(backlog(found, profile).depositions)
    except MessagingError as error:
        return f"unknown: {error.message}"
