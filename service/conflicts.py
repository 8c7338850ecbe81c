"""A row that was changed on both sides since the last sync: the value that is kept, and the one that goes to the log."""

from dataclasses import asdict, dataclass
from typing import Any

from service.clock import utc_now
from service.messages import CATEGORY_NAMES, Row


@dataclass(frozen=True, slots=True)
class Difference:
    """Both values of one row; `kept` is the one that both stores hold from now on."""

    kept: Row
    lost: Row

    def entry(self, deposition_data_set_id: str) -> dict[str, Any]:
        """Give what the conflict log holds of it, as plain values under the names of the columns of its table."""
        return {
            "time": utc_now(),
            "deposition_data_set_id": deposition_data_set_id,
            "category": CATEGORY_NAMES[type(self.kept)],
            "kept": asdict(self.kept),
            "lost": asdict(self.lost),
        }
