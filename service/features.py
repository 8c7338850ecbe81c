"""The two features that an operator switches without touching a settings file: kept in `state_dir`, for all servers."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from service.active import LONGEST, ActiveFile
from service.clock import utc_now
from service.errors import FileUnavailable
from service.storage.durable import exclusive, faults, write_new
from service.text import one_line
from settings import Settings, SettingsError

FEATURES = ("circuit_breaker", "connection_pooling")


@dataclass(frozen=True, slots=True)
class Features:
    """Read and write what was switched; the environment wins over it, and it over the settings files."""

    state_dir: Path

    @property
    def path(self) -> Path:
        return self.state_dir / "features.json"

    def stated(self) -> dict[str, dict[str, object]]:
        """Give what was switched: value, who and when. Raises FileUnavailable for a file that does not say it."""
        try:
            kept = json.loads(self.path.read_bytes())
            return {name: {**entry, "on": bool(entry["on"])} for name, entry in kept.items() if name in FEATURES}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise FileUnavailable(
                f"{self.path} cannot be read: {error!r}; mend its permissions, or remove it and switch the features anew"
            ) from error

    def switch(self, settings: Settings, name: str, *, on: bool, who: str, reason: str) -> None:
        """Keep a feature's value, and say so in the audit trail.

        Raises SettingsError where the environment states it and would win, and InvalidInput for a reason of several lines.
        """
        if reason:
            one_line("reason", reason, LONGEST)
        if settings.origins[name] == "environment":
            raise SettingsError(f"MSGMODULE_{name.upper()} states {name} in the environment: unset it, then try again")
        with exclusive(self.state_dir / "features.lock"), faults(self.path):
            # told before it is done, as a switch of the profile is
            ActiveFile(self.state_dir).audit(event="feature", to=f"{name} {'on' if on else 'off'}", who=who, reason=reason)
            kept = self.stated() | {name: {"on": on, "who": who, "when": utc_now()}}
            write_new(self.path, json.dumps(kept, indent=1).encode())


def applied(settings: Settings) -> Settings:
    """Give the settings with what was switched, and where each value comes from."""
    features = Features(settings.state_dir)
    stated = {n: e for n, e in features.stated().items() if settings.origins[n] != "environment"}
    origins = dict(settings.origins) | dict.fromkeys(stated, str(features.path))
    values = {name: bool(entry["on"]) for name, entry in stated.items()}
    return replace(settings, **values, origins=MappingProxyType(origins))  # type: ignore[arg-type]
