"""Metrics, health and the active profile, for operators."""

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, g
from prometheus_client import CONTENT_TYPE_LATEST
from spectree import Response as Answers

from admin.schemas import ActiveOut, HealthOut, PreflightOut, PreflightQuery, SwitchRequest
from service import health
from service.api.contract import contract, require_json
from service.api.schemas import ErrorBody
from service.errors import InvalidInput
from service.exposition import exposition
from service.security import requires
from service.services import Services, services
from settings import SettingsError

blueprint = Blueprint("admin", __name__)
blueprint.before_request(require_json)

_ERRORS: dict[str, Any] = {f"HTTP_{status}": ErrorBody for status in (401, 403, 500)}
_SWITCH_ERRORS = _ERRORS | {f"HTTP_{status}": ErrorBody for status in (400, 409, 413, 415, 503)}


@blueprint.get("/metrics")
@requires("metrics")
def metrics() -> Response:
    """Give the metrics of all processes of this server, in Prometheus' text form."""
    services().runtime.current()  # an idle server follows a switch at the next scrape
    return Response(exposition(services()), content_type=CONTENT_TYPE_LATEST)


@blueprint.get("/health")
@requires("admin")
@contract.validate(resp=Answers(HTTP_200=HealthOut, HTTP_503=HealthOut, **_ERRORS))
def show_health() -> Any:
    """Run every check of the active profile now; 503 when one fails."""
    report = health.report(services())
    return report.body(), 200 if report.ok else 503


@blueprint.get("/profile")
@requires("admin")
@contract.validate(resp=Answers(HTTP_200=ActiveOut, HTTP_503=ErrorBody, **_ERRORS))
def show_profile() -> Any:
    """Show the active profile, the profiles there are, and the epoch each worker last used."""
    return profile_body(services())


@blueprint.get("/profile/preflight")
@requires("admin")
@contract.validate(resp=Answers(HTTP_200=PreflightOut, HTTP_503=ErrorBody, **_ERRORS))
def show_preflight(query: PreflightQuery) -> Any:
    """Run the checks of a move to a profile; nothing is changed."""
    try:
        return services().switching.preflight(query.to).body()
    except SettingsError as error:
        raise InvalidInput.of("to", str(error)) from error


@blueprint.post("/profile")
@requires("admin")
@contract.validate(resp=Answers(HTTP_200=ActiveOut, **_SWITCH_ERRORS))
def switch_profile(json: SwitchRequest) -> Any:
    """Move to an adjacent profile, or say what stands in the way."""
    found = services()
    try:
        found.switching.switch(json.to, json.expected_epoch, json.reason, g.caller, force=json.force)
    except SettingsError as error:
        raise InvalidInput.of("to", str(error)) from error
    return profile_body(found)


def profile_body(found: Services) -> dict[str, Any]:
    """Render the active profile; a look at it brings this worker to it."""
    current = found.runtime.current()
    known = [
        {
            "name": p.name,
            "alias": p.alias,
            "phase": p.phase,
            "writes": list(p.writes),
            "reads": p.reads,
            "fallback": p.fallback,
        }
        for p in found.settings.profiles
    ]
    return {**asdict(current.active), "profiles": known, "workers": found.runtime.workers.all()}
