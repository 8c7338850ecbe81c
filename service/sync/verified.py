"""What a verify found, added up, and kept in `state_dir` for the preflight and the metrics."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from service.clock import utc_now
from service.errors import FileUnavailable
from service.storage.database.identity import Identity
from service.storage.durable import faults, make_directory, write_new
from service.sync.verify import Finding, Outcome

#: For how long a verify speaks for the present (DESIGN.md section 7).
VALID = timedelta(hours=24)


@dataclass(slots=True)
class Verified:
    """The counts of one verify; `full` says that it looked at everything that either side has."""

    full: bool
    began: str = field(default_factory=utc_now)
    ended: str = ""
    outcomes: dict[str, int] = field(default_factory=lambda: {outcome.value: 0 for outcome in Outcome})
    beyond: int = 0
    #: Depositions that were found equal, and those that were not though a side knows them; not told in a summary.
    equal: set[str] = field(default_factory=set)
    doubted: set[str] = field(default_factory=set)

    def add(self, finding: Finding) -> None:
        self.outcomes[finding.outcome.value] += 1
        self.beyond += bool(finding.beyond)
        if finding.outcome is Outcome.EQUAL:
            self.equal.add(finding.deposition_data_set_id)
        elif finding.outcome is not Outcome.UNKNOWN:
            self.doubted.add(finding.deposition_data_set_id)

    @property
    def compared(self) -> int:
        """Count the depositions that were read on both sides."""
        return self.outcomes[Outcome.EQUAL.value] + self.outcomes[Outcome.DIFFERING.value]

    @property
    def differences(self) -> int:
        """Count the depositions that are not equal, for whatever reason."""
        return sum(self.outcomes.values()) - self.outcomes[Outcome.EQUAL.value]

    @property
    def is_clean(self) -> bool:
        """Tell whether something was compared and nothing differs: zero checked is not a pass (promise P8)."""
        return self.compared > 0 and not self.differences

    @property
    def age(self) -> timedelta:
        """Give the time since it began: what was written later it may not have seen."""
        return datetime.now(UTC) - datetime.fromisoformat(self.began)

    def body(self) -> dict[str, Any]:
        told = asdict(self) | {"compared": self.compared, "differences": self.differences}
        return {name: value for name, value in told.items() if name not in {"equal", "doubted"}}


class VerifyRecord:
    """Keep the result of the last full verify, and of the last one of any kind, in one small file.

    They are those of the site's present database: what was found in one before says nothing of it.
    """

    def __init__(self, state_dir: Path) -> None:
        self.path = state_dir / "verify.json"
        self._identity = Identity(state_dir)

    def write(self, verified: Verified) -> None:
        """Keep a result; one of a part of the archive leaves that of the last full verify, and what differs beside it.

        `time` and `differences` are those of the last full verify, or where there was none of the last one.
        """
        kept = self._kept() | {"last": verified.body(), "database": self._identity.known()}
        doubted = {*kept.get("doubted", ()), *verified.doubted} - verified.equal
        if verified.full:
            kept["full"] = verified.body()
            doubted = set()  # its own differences say it
        kept["doubted"] = sorted(doubted)
        shown = kept.get("full") or verified.body()
        kept |= {"time": shown["ended"], "differences": shown["differences"]}
        with faults(self.path):
            make_directory(self.path.parent)
            write_new(self.path, json.dumps(kept, indent=1).encode())

    def forget(self) -> None:
        """Forget all of it: what was looked at is not there any more. Raises FileUnavailable."""
        with faults(self.path):
            self.path.unlink(missing_ok=True)

    def full(self) -> Verified | None:
        """Give the last full verify."""
        return self._of("full")

    def last(self) -> Verified | None:
        """Give the last verify of any kind."""
        return self._of("last")

    def doubted(self) -> list[str]:
        """List the depositions that a look at a part found to differ since the last full verify, and none found equal."""
        return [str(key) for key in self._kept().get("doubted", ())]

    def _of(self, name: str) -> Verified | None:
        try:
            kept = self._read().get(name)
            if kept is None:
                return None
            return Verified(kept["full"], kept["began"], kept["ended"], kept["outcomes"], kept["beyond"])
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise FileUnavailable(f"{self.path} does not say what was verified; run `msgmodule verify --all`") from error

    def _kept(self) -> dict[str, Any]:
        """Give what is to be kept on; nothing of a file that says nothing."""
        try:
            return {**self._read()}
        except (ValueError, TypeError, AttributeError):
            return {}

    def _read(self) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        with faults(self.path), suppress(FileNotFoundError):
            kept = cast(dict[str, Any], json.loads(self.path.read_bytes()))
        return kept if kept.get("database") == self._identity.known() else {}
