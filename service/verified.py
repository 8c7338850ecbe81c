"""The last verify of a site, as it is recorded in `state_dir` for the preflight, the metrics and the dashboard."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from service.errors import FileUnavailable


@dataclass(frozen=True, slots=True)
class Verified:
    """When a verify ended, and for how many depositions it found a difference."""

    when: datetime
    differences: int


def last_verified(state_dir: Path) -> Verified | None:
    """Read the record; `None` where none was made yet. Raises FileUnavailable for one that cannot be read."""
    path = state_dir / "verify.json"
    try:
        kept = json.loads(path.read_bytes())
        return Verified(datetime.fromisoformat(kept["time"]), int(kept["differences"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise FileUnavailable(f"{path} does not say when the last verify was: {error}; run `msgmodule verify`") from error
