"""The frozen values this room hands out, and the one error it raises."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


class SettingsError(Exception):
    """Say which setting is refused, its value and the remedy; several faults stand one a line."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))


@dataclass(frozen=True, slots=True)
class Profile:
    """Describe one phase of the migration: which stores are written, which one answers reads."""

    name: str
    phase: int
    writes: tuple[str, ...]
    reads: str
    fallback: str | None
    observes: str | None

    @property
    def alias(self) -> str | None:
        """Return the seed's other name, `phase-<n>`; the start of the migration has none."""
        return f"phase-{self.phase}" if self.phase else None

    @property
    def uses_database(self) -> bool:
        """Say whether a database is needed."""
        return "database" in self.writes

    @property
    def writes_cif(self) -> bool:
        """Say whether message files are written."""
        return "cif" in self.writes

    @property
    def is_dual(self) -> bool:
        """Say whether every write goes to both stores."""
        return self.uses_database and self.writes_cif

    def adjacent_to(self, other: "Profile") -> bool:
        """Say whether a switch between the two is one step of the migration (DESIGN section 7)."""
        return abs(self.phase - other.phase) == 1


@dataclass(frozen=True, slots=True)
class Settings:
    """Hold every setting, checked; times are in seconds, sizes in bytes, paths absolute.

    `stated_profile` says whether an operator named the profile; `origins` maps each setting, and `profile`, to
    `environment`, `default` or the path of the site's own file.
    """

    site_id: str
    cif_root: Path
    state_dir: Path
    database_url: str = field(repr=False)  # it holds a password
    database_connect_timeout: float
    database_read_timeout: float
    breaker_fail_max: int
    breaker_reset_timeout: float
    lock_timeout: float
    shadow_read_fraction: float
    quiet_period: float
    circuit_breaker: bool
    connection_pooling: bool
    max_message_bytes: int
    create_depositions: bool
    log_file: Path
    remote_users: Mapping[str, frozenset[str]]
    profile: Profile
    profiles: tuple[Profile, ...]
    stated_profile: bool
    origins: Mapping[str, str]

    def profile_named(self, name: str) -> Profile:
        """Return the profile of that canonical name or alias, or raise `SettingsError`."""
        return profile_named(self.profiles, name, "profile")


def profile_named(profiles: Iterable[Profile], name: str, key: str) -> Profile:
    """Return the profile of that canonical name or alias, or raise `SettingsError` naming `key`."""
    known = {label: profile for profile in profiles for label in (profile.name, profile.alias) if label}
    if name not in known:
        raise SettingsError(f"{key}={name!r} is no profile: use one of {', '.join(known)}")
    return known[name]
