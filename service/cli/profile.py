"""`msgmodule profile`: the profiles, the active one, and the moves between them."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict

import click

from service.cli.common import caller, json_option, services_of, settings_of, show
from service.cli.progress import shown
from service.guide import guide
from service.situation import Check


@click.group()
def profile() -> None:
    """Show and switch the active profile."""


@profile.command("list")
@json_option
@click.pass_context
def list_(context: click.Context, *, as_json: bool) -> None:
    """List the profiles in the order of the migration."""
    active, profiles = services_of(context).switching.active(), settings_of(context).profiles
    if as_json:
        show({"active": active.profile, "profiles": [asdict(one) | {"alias": one.alias} for one in profiles]}, as_json=True)
        return
    for one in profiles:
        mark = "*" if one.name == active.profile else " "
        click.echo(f"{mark} {one.name:22} {one.alias or '':8} writes {', '.join(one.writes):14} reads {one.reads}")


@profile.command("show")
@json_option
@click.pass_context
def show_(context: click.Context, *, as_json: bool) -> None:
    """Show the active profile and the workers that follow it."""
    found = services_of(context)
    show({**asdict(found.switching.active()), "workers": found.runtime.workers.all()}, as_json=as_json)


@profile.command("guide")
@json_option
@click.pass_context
def guide_(context: click.Context, *, as_json: bool) -> None:
    """Say where the site stands, and what is left to do before the next profile; nothing is changed."""
    found = services_of(context)
    told = guide(found.settings, found.stores, found.switching)
    if as_json:
        show(asdict(told), as_json=True)
        return
    click.echo(f"active: {told.profile}, epoch {told.epoch}")
    for figure in told.figures:
        click.echo(f"  {figure.name}: {figure.value}")
    if told.next is None:
        click.echo("this is the end of the way; the profile before it is the way back")
        return
    click.echo(f"next: {told.next}")
    _show_checks(told.checks)
    if told.is_ready:
        click.echo(f"ready: msgmodule profile switch {told.next} --reason WHY")


@profile.command()
@click.argument("name")
@json_option
@click.pass_context
def preflight(context: click.Context, *, name: str, as_json: bool) -> None:
    """Run the checks of a move to a profile, and change nothing; exit 1 when it would be refused."""
    found = services_of(context).switching.preflight(name)
    if as_json:
        show(found.body(), as_json=True)
    else:
        click.echo(f"{found.active.profile} -> {found.target.name}")
        _show_checks(found.checks)
    if not found.ok:
        context.exit(1)


@profile.command()
@click.argument("name")
@click.option("--reason", help="Why; kept in the audit trail.")
@click.option("--force", is_flag=True, help="Switch although a check fails; the audit trail says so.")
@click.option("--dry-run", is_flag=True, help="Run the checks, as preflight does, and stay.")
@json_option
@click.pass_context
def switch(context: click.Context, *, name: str, reason: str | None, force: bool, dry_run: bool, as_json: bool) -> None:
    """Move every server to an adjacent profile at its next request; what is behind is brought up first."""
    if dry_run:
        context.invoke(preflight, name=name, as_json=as_json)
        return
    if reason is None or not reason.strip():
        raise click.BadParameter("say why", param_hint="--reason")
    switching = services_of(context).switching
    before = switching.active()
    after = switching.switch(name, None, reason, caller(), force=force, progress=_progress)
    show({"from": before.profile, "to": after.profile, "epoch": after.epoch, "reason": reason}, as_json=as_json)


def _show_checks(checks: Iterable[Check]) -> None:
    for check in checks:
        click.echo(f"{'ok  ' if check.ok else 'FAIL'} {check.name}: {check.found}")
        if not check.ok:
            click.echo(f"     remedy: {check.remedy}")


def _progress(depositions: Sequence[str], what: str) -> Iterable[str]:
    return shown(depositions, len(depositions), what) if depositions else ()
