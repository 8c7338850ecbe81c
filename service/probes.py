"""Whether the process is alive, and whether it can serve under the active profile. Open to everybody, and says no more."""

from flask import Blueprint, Response, jsonify

from service.errors import StoreUnavailable
from service.services import services

blueprint = Blueprint("probes", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """Say that the process answers."""
    return jsonify({"status": "alive"})


@blueprint.get("/readyz")
def readyz() -> Response:
    """Say whether reads can be answered: the store that answers them, or its fallback, is usable."""
    snapshot = services().runtime.current()
    if not snapshot.chain.is_ready():
        raise StoreUnavailable(f"no store that answers reads under {snapshot.profile.name} is usable now")
    return jsonify({"status": "ready", "profile": snapshot.profile.name})
