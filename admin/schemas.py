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


class PreflightQuery(BaseModel):
    """The profile that a move would lead to."""

    model_config = ConfigDict(extra="forbid")

    to: str


class ConditionOut(BaseModel):
    """One condition of a move."""

    name: str
    ok: bool
    found: str
    remedy: str


class PreflightOut(BaseModel):
    """All conditions of a move, as they are now."""

    model_config = ConfigDict(validate_by_name=True, serialize_by_alias=True)

    from_: str = Field(alias="from")
    to: str
    epoch: int
    ok: bool
    checks: list[ConditionOut]
