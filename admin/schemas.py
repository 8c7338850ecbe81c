"""What the admin's JSON routes take and answer."""

from pydantic import BaseModel, ConfigDict, Field


class SwitchRequest(BaseModel):
    """A move to another profile; `expected_epoch` is the epoch that the caller has seen."""

    model_config = ConfigDict(extra="forbid", strict=True)

    to: str
    expected_epoch: int
    reason: str = Field(pattern=r"\S")
    force: bool = False


class ProfileOut(BaseModel):
    """One phase of the migration."""

    name: str
    alias: str | None
    phase: int
    writes: list[str]
    reads: str
    fallback: str | None


class WorkerOut(BaseModel):
    """One process that serves the site, as it last reported."""

    host: str
    pid: int
    epoch: int
    seen: str
    breaker: str
    failures: int


class ActiveOut(BaseModel):
    """The active profile, and who follows it."""

    profile: str
    epoch: int
    who: str
    when: str
    why: str
    environment: str
    profiles: list[ProfileOut]
    workers: list[WorkerOut]


class CheckOut(BaseModel):
    """One health check."""

    name: str
    ok: bool
    found: str
    limit: str
    milliseconds: float


class HealthOut(BaseModel):
    """All health checks under the active profile."""

    ok: bool
    profile: str
    epoch: int
    checks: list[CheckOut]
