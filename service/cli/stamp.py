"""What a site is for, kept in its `state_dir`: a command meant for another kind of site is refused there."""

from pathlib import Path

from service.errors import Conflict
from service.storage.durable import exclusive, faults, write_new

ENVIRONMENTS = ("development", "staging", "production")


def check(state_dir: Path, environment: str) -> None:
    """Raise Conflict where the site is stamped as something else."""
    path = state_dir / "environment"
    with faults(path):
        found = path.read_text(encoding="ascii").strip() if path.exists() else environment
    if found != environment:
        raise Conflict(f"this site is {found}, as {path} says, not {environment}; check MSGMODULE_STATE_DIR")


def put(state_dir: Path, environment: str) -> None:
    """Stamp the site."""
    path = state_dir / "environment"
    with exclusive(state_dir / "environment.lock"), faults(path):
        write_new(path, f"{environment}\n".encode("ascii"))
