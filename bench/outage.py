"""Serve through an outage of the database: `make outage` (DURATION=60).

Eight clients, four reads of five requests, on four depositions; the database goes at a quarter of the time and comes back at
two thirds. In the dual profiles no request may fail and no read may miss what was acknowledged to anybody before it began;
in `db-only` a 503 with Retry-After is the answer while the database is away. `reconcile` and `verify` have the last word.
"""

import http.client
import json
import random
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any

from support.command import msgmodule
from support.mariadb import PrivateServer
from support.proxy import Proxy
from support.server import Server
from support.site import DUAL, PROFILES, Site, make_site

CLIENTS, WORKERS, FAIL_MAX = 8, 2, 5
DEPOSITIONS = [f"D_100000000{n}" for n in range(4)]
LATER = 5  # a breaker's pause in this run, in seconds


@dataclass(slots=True)
class Seen:
    """What the clients saw: seconds of each request by phase, what went wrong, what was acknowledged where."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {"healthy": [], "away": [], "after": []})
    failed: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    refused: int = 0
    acknowledged: dict[str, set[str]] = field(default_factory=lambda: {d: set() for d in DEPOSITIONS})
    phase: str = "healthy"
    ended: bool = False


class Client(threading.Thread):
    """One program that writes and reads until it is told to end."""

    def __init__(self, seen: Seen, server: Server, number: int, *, may_refuse: bool) -> None:
        super().__init__()
        self._seen = seen
        self._server = server
        self._rng = random.Random(number)
        self._number = number
        self._may_refuse = may_refuse
        self._connection = http.client.HTTPConnection(server.address.removeprefix("http://"), timeout=60)

    def run(self) -> None:
        count = 0
        while not self._seen.ended:
            deposition = self._rng.choice(DEPOSITIONS)
            path = f"/api/v1/depositions/{deposition}/messages"
            before, phase, begun = set(self._seen.acknowledged[deposition]), self._seen.phase, time.perf_counter()
            if self._rng.random() < 0.8:
                body = self._ask("GET", path + "?limit=1000", None)
                if body is not None and (lost := before - {m["message_id"] for m in body["messages"]}):
                    self._seen.stale.append(f"{deposition} {sorted(lost)[:3]} {body['served_by']} {phase}")
            else:
                count += 1
                message = {"message_id": f"{self._number}-{count}", "content_type": "messages-to-depositor"}
                body = self._ask("POST", path, message | {"message_subject": "s", "message_text": "t", "sender": "a@b.org"})
                if body is not None:
                    self._seen.acknowledged[deposition].add(message["message_id"])
            self._seen.seconds[phase].append(time.perf_counter() - begun)

    def _ask(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any] | None:
        headers = {"Authorization": f"Bearer {self._server.secret}", "Content-Type": "application/json"}
        try:
            self._connection.request(method, path, json.dumps(body) if body else None, headers)
            answer = self._connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            self._seen.failed.append(f"{method} {path}: {error!r}")
            return None
        if answer.status in (200, 201):
            return dict(json.loads(text))
        if self._may_refuse and answer.status == 503 and answer.getheader("Retry-After"):
            self._seen.refused += 1
        else:
            self._seen.failed.append(f"{method} {path}: {answer.status} {text[:200]!r}")
        return None


def campaign(root: Path, profile: str, fault: str, seconds: float) -> dict[str, Any]:
    """Run one profile through one outage, and give what was seen."""
    database = PrivateServer(root)
    database.start()
    proxy = Proxy(database.port)
    site = make_site(root / "site", f"mysql://root@127.0.0.1:{proxy.port}/outage")
    site.initialise()
    server = Server(site, profile, MSGMODULE_BREAKER_RESET_TIMEOUT=str(LATER), MSGMODULE_LOCK_TIMEOUT="10")
    seen = Seen()
    for deposition in DEPOSITIONS:
        body = {"message_id": "first", "message_text": "t", "content_type": "messages-to-depositor", "sender": "a@b.org"}
        server.ask(f"/api/v1/depositions/{deposition}/messages", body)
    clients = [Client(seen, server, n, may_refuse=profile == PROFILES[3]) for n in range(CLIENTS)]
    try:
        for client in clients:
            client.start()
        time.sleep(seconds / 4)
        seen.phase = "away"
        database.kill() if fault == "kill" else proxy.hang()
        time.sleep(seconds * 5 / 12)
        database.start() if fault == "kill" else proxy.ok()
        seen.phase = "after"
        time.sleep(seconds / 3)
        seen.ended = True
        for client in clients:
            client.join()
        return figures(profile, fault, seen) | settled(site, profile)
    finally:
        seen.ended = True
        server.stop()
        proxy.close()
        database.stop()


def figures(profile: str, fault: str, seen: Seen) -> dict[str, Any]:
    """Add up what the clients saw; the calls that each worker's breaker needed to open are left out of `away`."""
    away = sorted(seen.seconds["away"])[: -FAIL_MAX * WORKERS]
    healthy = _p99(seen.seconds["healthy"])
    return {
        "profile": profile,
        "fault": fault,
        "requests": sum(map(len, seen.seconds.values())),
        "failed": len(seen.failed),
        "refused": seen.refused,
        "stale": len(seen.stale),
        "p99_healthy_ms": round(healthy * 1e3, 1),
        "p99_away_over_healthy": round(_p99(away) / healthy, 2),
        "slowest_ms": round(max(max(s) for s in seen.seconds.values()) * 1e3),
        "examples": (seen.failed + seen.stale)[:5],
    }


def settled(site: Site, profile: str) -> dict[str, Any]:
    """Reconcile and compare, as an operator would."""
    if profile not in DUAL:
        return {"reconcile": 0, "verify": 0}
    return {command: msgmodule(site, command, "--all", profile=profile).returncode for command in ("reconcile", "verify")}


def _p99(seconds: list[float]) -> float:
    return quantiles(seconds, n=100)[98]


def main(fault: str, seconds: float) -> int:
    """Run every profile with a database through an outage; give 1 where one did not keep its promise."""
    kept = True
    for profile in PROFILES[1:]:
        with tempfile.TemporaryDirectory(prefix="outage-") as folder:
            found = campaign(Path(folder), profile, fault, seconds)
        print(json.dumps(found), flush=True)
        quick = profile == PROFILES[3] or found["p99_away_over_healthy"] <= 5
        kept = kept and quick and not any(found[name] for name in ("failed", "stale", "reconcile", "verify"))
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2])))
