"""The dashboard for operators: read without JavaScript, refreshed with it, and the form that switches the profile."""

import mimetypes
import threading
from collections.abc import Mapping
from pathlib import Path

from flask import Blueprint, Response, abort, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from admin.csrf import Forms
from admin.picture import picture
from service import errorpages, health
from service.errors import Conflict, InvalidInput, MessagingError, SwitchRefused, Unauthenticated
from service.security import requires
from service.services import services
from service.situation import Check
from settings import Profile, SettingsError

blueprint = Blueprint("dashboard", __name__, template_folder="templates", static_folder=None)
_FOLDER = Path(__file__).parent / "assets"
_ASSETS = ("admin.css", "htmx.min.js", "icon.svg", "htmx.LICENSE.txt")
#: An asset changes with a deployment; a browser may keep it for five minutes.
_KEPT = "private, max-age=300"
#: For each step, held while somebody looks at it.
_looking: dict[str, threading.Lock] = {}
#: Seconds that a look at a step waits for the one before it.
_PATIENCE = 0.5
#: Digits that an epoch may have.
_DIGITS = 18
_BUSY = Check(
    "looked_at",
    ok=False,
    found="another look at this step is under way in this process: the archive is large, or the database does not answer",
    remedy="look again in a moment",
)


@blueprint.get("/")
@requires("admin")
def dashboard() -> str:
    """Show where the site stands; nothing here waits for the database."""
    services().runtime.current()  # a look brings this worker to the active profile
    refreshed = request.args.get("refresh") != "off"
    return render_template("dashboard.html", seen=picture(services()), refreshed=refreshed)


@blueprint.get("/checks")
@requires("admin")
def checks() -> str:
    """Make every health check now and show it."""
    return render_template("checks.html", report=health.report(services()))


@blueprint.get("/steps/<name>")
@requires("admin")
def step(name: str) -> str:
    """Show what a move to a neighbouring profile needs, checked now, and the form for it."""
    return _step(_target(name), typed={})


@blueprint.post("/steps/<name>")
@requires("admin")
def move(name: str) -> Answer:
    """Make the move that was confirmed by typing the profile's name."""
    form, target = request.form, _target(name)
    _forms().check(g.caller, form.get("mark", ""))
    try:
        _confirmed(target, form.get("typed", ""))
        epoch = _epoch(form.get("expected_epoch", ""))
        services().switching.switch(target.name, epoch, form.get("reason", "").strip(), g.caller, force="force" in form)
    except (InvalidInput, Conflict, SwitchRefused) as error:
        return make_response(_step(target, typed=form.to_dict(), refused=error), error.status)
    return redirect(url_for(".dashboard"), 303)


@blueprint.get("/assets/<name>")
@requires("admin")
def asset(name: str) -> Answer:
    """Give a file that the pages need; all of them are served from here."""
    if name not in _ASSETS:
        abort(404)
    kind = mimetypes.guess_type(name)[0] or "text/plain"
    return Response((_FOLDER / name).read_bytes(), content_type=f"{kind}; charset=utf-8", headers={"Cache-Control": _KEPT})


@blueprint.errorhandler(MessagingError)
def failed(error: MessagingError) -> Answer:
    """Show an error to a browser as a page, with the id under which the log speaks of it."""
    told = errorpages.answered(error)
    if "text/html" not in request.headers.get("Accept", ""):
        return told
    answer = make_response(render_template("failed.html", error=error, request_id=g.request_id), error.status)
    if isinstance(error, Unauthenticated):
        # a browser then asks for a name and a password, and a token is taken as the password
        answer.headers["WWW-Authenticate"] = 'Basic realm="messaging: any name, a token as password", charset="UTF-8"'
    return answer


def _step(target: Profile, typed: Mapping[str, str], refused: MessagingError | None = None) -> str:
    found = services().switching
    checks = refused.details["checks"] if isinstance(refused, SwitchRefused) else _checks(target)
    mark = _forms().mark(g.caller)
    return render_template(
        "step.html", target=target, active=found.active(), checks=checks, typed=typed, refused=refused, mark=mark
    )


def _checks(target: Profile) -> tuple[Check, ...]:
    """Check a step now. One look at a time at each: while the database hangs it holds a thread, and operators look again."""
    looking = _looking.setdefault(target.name, threading.Lock())
    if not looking.acquire(timeout=_PATIENCE):
        return (_BUSY,)
    try:
        return services().switching.preflight(target.name).checks
    finally:
        looking.release()


def _target(name: str) -> Profile:
    """Find a profile by its name; 404 where there is none."""
    try:
        return services().settings.profile_named(name)
    except SettingsError:
        abort(404)


def _epoch(text: str) -> int:
    """Read the epoch that a form was made under. Raises InvalidInput."""
    if not text.isdecimal() or len(text) > _DIGITS:
        raise InvalidInput.of("expected_epoch", "is no number")
    return int(text)


def _confirmed(target: Profile, typed: str) -> None:
    if typed.strip() != target.name:
        raise InvalidInput.of("typed", f"type {target.name} to confirm the switch")


def _forms() -> Forms:
    return Forms(services().settings.state_dir)
