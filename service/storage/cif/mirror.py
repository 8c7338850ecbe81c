"""The depositors' mirror: the to-depositor file of a deposition, copied whole with every message (reference section 1.1)."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from service.errors import FileUnavailable
from service.storage.base import Observer
from service.storage.cif import files
from service.storage.cif.paths import Site
from service.storage.durable import faults, names


class Mirror:
    """Copy for the depositors. The message holds where that fails; it is told, and marked for `msgmodule reconcile`."""

    def __init__(self, site: Site, state_dir: Path, observer: Observer) -> None:
        self._site = site
        self._missed = state_dir / "mirrors"
        self._observer = observer

    def follow(self, deposition_data_set_id: str, name: str, pieces: Sequence[bytes | memoryview]) -> None:
        """Copy a file that was written just now."""
        try:
            self.copy(deposition_data_set_id, name, pieces)
        except FileUnavailable as error:
            self._observer.mirror_failed(error.message)
            with suppress(OSError):  # it is told above; without a mark the next message copies it
                self._missed.mkdir(exist_ok=True)
                (self._missed / deposition_data_set_id).touch()

    def copy(self, deposition_data_set_id: str, name: str, pieces: Sequence[bytes | memoryview]) -> None:
        """Copy a file where the depositors have a directory. Raises FileUnavailable."""
        directory = self._site.mirror(deposition_data_set_id)
        if directory is None:
            return
        with faults(directory / name):
            files.replace(directory / name, pieces)
        self.forget(deposition_data_set_id)

    def missed(self) -> list[str]:
        """List the depositions whose last copy failed, and which have a directory for it. Raises FileUnavailable."""
        return [key for key in names(self._missed) if self._site.mirror(key) is not None]

    def forget(self, deposition_data_set_id: str) -> None:
        """Take a deposition off that list. Raises FileUnavailable."""
        mark = self._missed / deposition_data_set_id
        with faults(mark):
            mark.unlink(missing_ok=True)
