"""`msgmodule status`, `monitor`, `troubleshoot` and `logs`: how a site stands, looked at from outside the service."""

import json
import sys
import time
from importlib.metadata import version

import click

from service.backlog import backlog
from service.cli.common import json_option, services_of, settings_of, show
from service.errors import MessagingError
from service.health import report
from service.logfile import last_lines
from service.services import Services
from service.storage.database import schema
from service.sync.verified import VerifyRecord


@click.command()
@json_option
@click.pass_context
def status(context: click.Context, *, as_json: bool) -> None:
    """Show profile, epoch, versions, what is behind since when, and the workers; exit 1 when a store cannot tell."""
    found = services_of(context)
    active, profile = found.switching.active(), found.profile
    body: dict[str, object] = {
        "profile": active.profile,
        "epoch": active.epoch,
        "since": active.when,
        "version": version("onedep-messaging"),
        "python": sys.version.split()[0],
    }
    try:
        if profile.uses_database:
            body["schema"] = schema.status(found.settings).version
        left = backlog(found, profile)
        body |= {"behind": len(left.depositions), "oldest_behind": left.oldest, "first_behind": list(left.depositions[:5])}
    except MessagingError as error:
        body["fault"] = f"{error.message}; see `msgmodule troubleshoot`"
    show(body | {"workers": found.runtime.workers.all()}, as_json=as_json)
    if "fault" in body:
        context.exit(1)


@click.command()
@click.option("--interval", default=60, show_default=True, type=click.IntRange(1), help="Seconds from round to round.")
@click.option("--once", is_flag=True, help="Make one round; exit 1 when it fails.")
@click.option("--fail-fast", is_flag=True, help="End with 1 at the first round that fails.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a round, on one line.")
@click.pass_context
def monitor(context: click.Context, *, interval: int, once: bool, fail_fast: bool, as_json: bool) -> None:
    """Run the health checks again and again, one line a round."""
    found = services_of(context)
    while True:
        is_well = _made_round(found, as_json=as_json)
        if (once or fail_fast) and not is_well:
            context.exit(1)
        if once:
            return
        time.sleep(interval)


@click.command()
@json_option
@click.pass_context
def troubleshoot(context: click.Context, *, as_json: bool) -> None:
    """Look for what is wrong, and say what remedies it; exit 1 when something is."""
    found = services_of(context)
    wrong = [*report(found).failed, *_left_over(found), *_differing(found)]
    active = found.switching.active()
    if active.epoch == 0:
        wrong.append("profile: the service was never started; start it with `msgmodule run`")
    origins = sorted(set(found.settings.origins.values()))
    if as_json:
        show({"findings": wrong, "profile": active.profile, "settings": origins}, as_json=True)
    else:
        for line in wrong:
            click.echo(line)
        click.echo(f"{len(wrong)} findings; profile {active.profile}, settings from {', '.join(origins)}")
    if wrong:
        context.exit(1)


@click.command()
@click.option("--lines", default=50, show_default=True, type=click.IntRange(1), help="How many.")
@click.pass_context
def logs(context: click.Context, *, lines: int) -> None:
    """Show the last lines of the service's log file; exit 1 with its path where there is none."""
    for line in last_lines(settings_of(context).log_file, lines):
        click.echo(line)


def _made_round(found: Services, *, as_json: bool) -> bool:
    """Make one round and print it; tell whether nothing failed."""
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    try:
        made = report(found)
        is_well, body = made.ok, made.body()
        told = f"{made.profile} epoch {made.epoch} {'; '.join(made.failed)}"
    except MessagingError as error:  # not even the profile can be told now
        is_well, body, told = False, {"ok": False, "fault": error.message}, error.message
    line = json.dumps({"time": moment} | body) if as_json else f"{moment} {'ok' if is_well else 'FAIL'} {told}".rstrip()
    click.echo(line)
    return is_well


def _left_over(found: Services) -> list[str]:
    profile = found.profile
    if not profile.is_dual:
        return []  # what the other store lacks, it lacks on purpose
    try:
        left = backlog(found, profile)
    except MessagingError as error:
        return [f"behind: not known, {error.message}"]
    first = ", ".join(left.depositions[:5])
    remedy = "run `msgmodule reconcile --all` while both stores are up"
    return [f"behind: {len(left.depositions)} depositions since {left.oldest} ({first}); {remedy}"] if first else []


def _differing(found: Services) -> list[str]:
    """Say what was found to differ and not to be equal since, where both stores are to hold the same."""
    record = VerifyRecord(found.settings.state_dir)
    full = record.full()
    differing = (full.differences if full else 0) or len(record.doubted())
    if not found.profile.is_dual or not differing:
        return []
    remedy = "`msgmodule verify --all` names them, `msgmodule reconcile --deposition ID` settles one"
    return [f"verify: {differing} depositions were found to differ; {remedy}"]
