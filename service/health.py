"""Whether the stores of the active profile work, found out by using them (promise P8)."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from service.errors import MessagingError
from service.services import Services
from service.storage.base import OK
from service.storage.database import schema


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was found, and how many milliseconds that took."""

    name: str
    ok: bool
    found: str
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Report:
    """All checks under the profile they were made for."""

    profile: str
    epoch: int
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        return all(finding.ok for finding in self.findings)

    def body(self) -> dict[str, object]:
        checks = [asdict(finding) for finding in self.findings]
        return {"ok": self.ok, "profile": self.profile, "epoch": self.epoch, "checks": checks}


def report(found: Services) -> Report:
    """Check the schema, and write, read and remove a probe in each store of the active profile."""
    current = found.switching.active()
    profile = found.settings.profile_named(current.profile)
    checks: dict[str, Callable[[], str]] = {}
    if profile.uses_database:
        checks["database_schema"] = lambda: _schema(found)
        checks["circuit_breaker"] = lambda: _breaker(found)
    for store in profile.writes:
        checks[f"{store}_probe"] = lambda store=store: found.stores.single(store).probe()[store]  # type: ignore[misc]
    findings = tuple(_finding(name, check) for name, check in checks.items())
    return Report(profile.name, current.epoch, findings)


def _finding(name: str, check: Callable[[], str]) -> Finding:
    begun = time.perf_counter()
    try:
        result = check()
        ok = result == OK
    except MessagingError as error:
        result, ok = error.message, False
    return Finding(name, ok, result, round((time.perf_counter() - begun) * 1000, 2))


def _schema(found: Services) -> str:
    status = schema.status(found.settings)
    if status.is_current:
        return OK
    return f"version {status.version}, head {status.head}, missing tables {list(status.missing)}; run `msgmodule db upgrade`"


def _breaker(found: Services) -> str:
    guard = found.stores.database.guard
    if guard is None or guard.state == "closed":
        return OK
    return f"{guard.state} after {guard.failures} failures; it closes by itself once the database answers"
