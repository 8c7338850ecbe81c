"""Whether a site works under the active profile, found out by using it (promise P8); each check has a limit."""

import time
from dataclasses import asdict, dataclass

from service.checks import CHECKS, Check
from service.errors import MessagingError
from service.services import Services


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what must hold, what was found, and how many milliseconds finding it took."""

    name: str
    ok: bool
    found: str
    limit: str
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

    @property
    def failed(self) -> list[str]:
        """Say of each check that failed what it found."""
        return [f"{finding.name}: {finding.found}" for finding in self.findings if not finding.ok]

    def body(self) -> dict[str, object]:
        checks = [asdict(finding) for finding in self.findings]
        return {"ok": self.ok, "profile": self.profile, "epoch": self.epoch, "checks": checks}


def report(found: Services) -> Report:
    """Make every check that the active profile wants."""
    current = found.switching.active()
    profile = found.settings.profile_named(current.profile)
    findings = tuple(_finding(found, check) for check in CHECKS if check.wanted(profile))
    return Report(profile.name, current.epoch, findings)


def _finding(found: Services, check: Check) -> Finding:
    begun = time.perf_counter()
    try:
        verdict = check.run(found)
        ok, text = verdict.ok, verdict.found
    except MessagingError as error:
        ok, text = False, error.message
    return Finding(check.name, ok, text, check.limit, round((time.perf_counter() - begun) * 1000, 2))
