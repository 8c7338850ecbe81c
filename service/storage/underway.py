"""Which depositions a writer of ours has on the way from their files to the database: their files differ from what is
recorded, and no other program was it.

Each writer shares a turn of the deposition, which the kernel gives up for it in a crash.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.storage.cif.turns import turns
from service.storage.durable import faults


class Underway:
    """Mark depositions for the time of a change of both stores, and ask whether one is marked."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / "underway"

    @contextmanager
    def marked(self, deposition_data_set_id: str) -> Iterator[None]:
        """Mark a deposition until the block is left; any number may. Raises FileUnavailable."""
        with turns(self._path) as held:
            with faults(self._path):
                held.share(deposition_data_set_id)
            yield

    def has(self, deposition_data_set_id: str) -> bool:
        """Tell whether a deposition is marked by anybody. Raises FileUnavailable."""
        with turns(self._path) as held, faults(self._path):
            return held.is_held(deposition_data_set_id)
