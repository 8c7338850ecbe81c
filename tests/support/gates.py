"""What every move needs before it is safe: depositions in both stores, a clean verify, and workers under the epoch."""

import json
from typing import Any

from support.command import msgmodule
from support.dual import dual
from support.site import PROFILES, Site

UP = [(PROFILES[n], PROFILES[n + 1]) for n in range(3)]
DOWN = [(b, a) for a, b in UP]


def make_ready(site: Site) -> None:
    """Give a site one deposition in both stores, and a full verify that found no difference."""
    both = dual(site, "dual-write-cif-read")
    both.append("m")
    both.read()
    assert msgmodule(site, "verify", "--all").returncode == 0


def preflight(site: Site, to: str, **more: str) -> tuple[int, dict[str, Any]]:
    """Give the exit code of the command, and the checks by name."""
    done = msgmodule(site, "profile", "preflight", to, "--json", **more)
    body = json.loads(done.stdout)
    assert body["ok"] == (done.returncode == 0) == all(check["ok"] for check in body["checks"])
    return done.returncode, {check["name"]: check for check in body["checks"]}
