"""The log of conflicts in `state_dir/conflicts.jsonl`: both values of every row that was decided (DESIGN.md section 5)."""

import json
from collections.abc import Iterable
from pathlib import Path

from service.conflicts import Difference
from service.storage.base import Observer
from service.storage.durable import append_line, faults


class ConflictLog:
    """Keep and count what is about to be decided: a crash leaves a line too many, never one too few."""

    def __init__(self, state_dir: Path, observer: Observer) -> None:
        self._path = state_dir / "conflicts.jsonl"
        self._observer = observer

    def add(self, deposition_data_set_id: str, conflicts: Iterable[Difference]) -> None:
        """Append one line for each, durably. Raises FileUnavailable."""
        for conflict in conflicts:
            with faults(self._path):
                append_line(self._path, json.dumps(conflict.entry(deposition_data_set_id)).encode())
            self._observer.conflicted()
