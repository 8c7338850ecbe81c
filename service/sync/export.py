"""Export: bring files up to the database. A deposition succeeds or fails by itself."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from service.errors import Conflict, DatabaseNotReady, DatabaseUnavailable, FileUnavailable, MessagingError, NotFound
from service.storage.base import ABSENT, Signatures, same_signature, unknown_deposition
from service.storage.cif.store import CifStore
from service.storage.guard import GuardedDatabase
from service.storage.markers import Markers
from service.storage.pending import Pending
from service.sync.sync import Sync


class Outcome(StrEnum):
    """What became of one deposition; refused is a file that the export did not write and was not told to touch."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Exported:
    """One deposition, what became of it, and why where it was not exported."""

    deposition_data_set_id: str
    outcome: Outcome
    error: str | None = None


class Target(Protocol):
    """Where depositions are exported to."""

    def bring(self, deposition_data_set_id: str) -> Outcome:
        """Export one deposition, in any thread. Raises Conflict for a file not to be touched, and what the stores raise."""
        ...


#: Depositions worked on at once: most of the time of one goes into waiting for the disk, which takes several at a time.
_TOGETHER = 4


def export(target: Target, depositions: Iterable[str]) -> Iterator[Exported]:
    """Export each deposition, some at a time, and tell of each in order; a database that is down ends the export.

    Raises DatabaseUnavailable and DatabaseNotReady.
    """
    waiting: deque[Future[Exported]] = deque()
    with ThreadPoolExecutor(_TOGETHER) as pool:
        try:
            for deposition_data_set_id in depositions:
                waiting.append(pool.submit(_exported, target, deposition_data_set_id))
                if len(waiting) > _TOGETHER:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def _exported(target: Target, deposition_data_set_id: str) -> Exported:
    try:
        return Exported(deposition_data_set_id, target.bring(deposition_data_set_id))
    except (DatabaseUnavailable, DatabaseNotReady):
        raise
    except Conflict as error:
        return Exported(deposition_data_set_id, Outcome.REFUSED, error.message)
    except MessagingError as error:
        return Exported(deposition_data_set_id, Outcome.FAILED, error.message)


class Archive:
    """The site's own files, brought up by a sync, so that nothing that they hold is lost."""

    def __init__(self, cif: CifStore, database: GuardedDatabase, sync: Sync, state_dir: Path, *, overwrite: bool) -> None:
        self._cif = cif
        self._database = database
        self._sync = sync
        self._pending = Pending(state_dir)
        self._markers = Markers(state_dir)
        self._overwrite = overwrite

    def behind(self) -> list[str]:
        """List the depositions whose files lack something."""
        return sorted({*self._database.behind(), *self._markers.depositions()})

    def bring(self, deposition_data_set_id: str) -> Outcome:
        key = deposition_data_set_id
        state = self._database.state(key)
        if state is None:
            raise unknown_deposition(key)
        is_behind = state.cif_behind or self._markers.has(key) or self._pending.has(key)
        if not is_behind and self._cif.matches(key, state.signatures):
            return Outcome.UNCHANGED
        if not self._overwrite:
            self._require_ours(key, state.signatures)
        report = self._sync.run(key, "export")
        if report.behind:
            raise FileUnavailable(report.behind)
        return Outcome.WRITTEN

    def _require_ours(self, deposition_data_set_id: str, recorded: Signatures) -> None:
        """Raise Conflict for a file that another program wrote since the last sync, as far as one is recorded."""
        try:
            found = self._cif.snapshot(deposition_data_set_id).signatures
        except NotFound:
            return
        for content_type, signed in found.items():
            known = recorded.get(content_type)
            if known is not None and signed != ABSENT and not same_signature(known, signed):
                raise Conflict(
                    f"{deposition_data_set_id}: another program wrote the {content_type} file since the last sync; "
                    "import it first, or give --overwrite to merge both"
                )
