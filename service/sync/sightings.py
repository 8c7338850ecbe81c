"""What was seen that an operator must know of before a switch: kept in `state_dir`, so that every process can ask."""

import json
from datetime import UTC, datetime
from pathlib import Path

from service.clock import utc_now
from service.storage.durable import append_line, faults, make_directory, write_new


class Mismatches:
    """Keep what shadow reads found differing, in `state_dir`, for the preflight of a switch."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / "mismatches.jsonl"

    def add(self, deposition_data_set_id: str, rows: list[dict[str, object]]) -> None:
        """Write one line about a deposition; the rows are named, their text is not kept. Raises FileUnavailable."""
        entry = {"time": utc_now(), "deposition_data_set_id": deposition_data_set_id, "rows": rows}
        with faults(self._path):
            append_line(self._path, json.dumps(entry).encode())

    def last(self) -> datetime | None:
        """Give the time of the latest mismatch; `None` where there was none. Raises FileUnavailable.

        Where a crash cut its line short, the time the file was last written.
        """
        with faults(self._path):
            try:
                lines = self._path.read_bytes().splitlines()
                written = self._path.stat().st_mtime
            except FileNotFoundError:
                return None
        if not lines:
            return None
        try:
            return datetime.fromisoformat(json.loads(lines[-1])["time"])
        except ValueError:
            return datetime.fromtimestamp(written, UTC)


class ForeignWrites:
    """Keep when a file was last found changed by another program."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / "foreign-write.json"

    def add(self, deposition_data_set_id: str) -> None:
        """Take note of one. Raises FileUnavailable."""
        entry = {"time": utc_now(), "deposition_data_set_id": deposition_data_set_id}
        with faults(self._path):
            make_directory(self._path.parent)
            write_new(self._path, json.dumps(entry).encode())

    def last(self) -> tuple[datetime, str] | None:
        """Give the time and the deposition of the latest; `None` where there was none. Raises FileUnavailable."""
        with faults(self._path):
            try:
                kept = json.loads(self._path.read_bytes())
            except FileNotFoundError:
                return None
        return datetime.fromisoformat(kept["time"]), kept["deposition_data_set_id"]
