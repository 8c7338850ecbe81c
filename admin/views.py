"""Metrics, health and the active profile, for operators."""

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, g, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, ConfigDict, Field
from spectree import Response as Answers

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

_ERRORS: dict[str, Any] = {f"HTTP_{status}": ErrorBody for status in (400, 401, 403, 409, 415, 503)}


class SwitchRequest(BaseModel):
    """A move to another profile; `expected_epoch` is the epoch that the caller has seen."""

    model_config = ConfigDict(extra="forbid", strict=True)

    to: str
    expected_epoch: int
    reason: str = Field(pattern=r"\S")
    force: bool = False


@blueprint.get("/metrics")
@requires("metrics")
def metrics() -> Response:
    """Give the metrics of all processes of this server, in Prometheus' text form."""
    services().runtime.current()  # an idle server follows a switch at the next scrape
    return Response(exposition(services()), content_type=CONTENT_TYPE_LATEST)


@blueprint.get("/health")
@requires("admin")
def show_health() -> tuple[Response, int]:
    """Run every check of the active profile now; 503 when one fails."""
    report = health.report(services())
    return jsonify(report.body()), 200 if report.ok else 503


@blueprint.get("/profile")
@requires("admin")
def show_profile() -> Response:
    """Show the active profile, the profiles there are, and the epoch each worker last used."""
    return jsonify(profile_body(services()))


@blueprint.get("/profile/preflight")
@requires("admin")
def show_preflight() -> Any:
    """Run the checks of a move to a profile; nothing is changed."""
    try:
        return services().switching.preflight(request.args.get("to", "")).body()
    except SettingsError as error:
        raise InvalidInput.of("to", str(error)) from error


@blueprint.post("/profile")
@requires("admin")
@contract.validate(resp=Answers("HTTP_200", **_ERRORS))
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
