"""The database behind a circuit breaker: while it is open, every call is answered at once (DESIGN.md section 5)."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from typing import TypeVar

import pybreaker

from service.changes import Change
from service.conflicts import Difference
from service.errors import DatabaseUnavailable, StoreUnavailable
from service.messages import Correspondence
from service.storage import patience
from service.storage.base import (
    Answer,
    Applied,
    Files,
    Merging,
    Observer,
    Outcome,
    Recorded,
    Signatures,
    Snapshot,
    Waiting,
    timed,
)
from service.storage.database.depositions import Tally
from service.storage.database.engine import PoolUse
from service.storage.database.store import DatabaseStore
from service.window import Begin, Slice, Wanted

T = TypeVar("T")


class Guard:
    """Let calls through, count those that find the database unavailable, and refuse them while the breaker is open.

    After `reset_timeout` seconds one call of this process is let through as a probe, however many wait. A server that
    nobody reached is listened for at each call before that, which costs nothing while nobody is there; one that is heard
    and fails all the same, or takes a connection and says nothing, gets the whole pause.
    """

    def __init__(
        self, fail_max: int, reset_timeout: float, observer: Observer, hears: Callable[[], bool | None] = lambda: None
    ) -> None:
        self._hears = hears
        self._is_deaf = False
        self._listener = _Listener(observer)
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=fail_max,
            reset_timeout=reset_timeout,
            exclude=[lambda error: not isinstance(error, DatabaseUnavailable)],
            listeners=[self._listener],
            name="database",
            throw_new_error_on_trip=False,
        )
        self._probing = threading.Lock()

    @property
    def state(self) -> str:
        """Say `closed`, `half-open` or `open`."""
        return str(self._breaker.current_state)

    @property
    def failures(self) -> int:
        """Count the failures in a row."""
        return int(self._breaker.fail_counter)

    @property
    def changed(self) -> str | None:
        """Say when the state last changed, ISO 8601 in UTC; `None` where it is closed since the process began."""
        return self._listener.changed

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """Run one call under the breaker. Raises DatabaseUnavailable at once where it is not let through."""
        if self.state == pybreaker.STATE_CLOSED:
            self._is_deaf = False
            with self._counted():
                yield
        elif not self._probing.acquire(blocking=False):
            raise self._refusal()
        else:
            try:
                self._listen()
                with self._counted():
                    yield
            finally:
                self._probing.release()

    def _listen(self) -> None:
        """Let the probe through before its time where the server is heard again."""
        if self._is_deaf or self.state != pybreaker.STATE_OPEN:
            return
        heard = self._hears()
        self._is_deaf = heard is not False
        if heard:
            self._breaker.half_open()

    @contextmanager
    def _counted(self) -> Iterator[None]:
        # `call` would hold the breaker's lock while the database works; `calling` does not (TRAPS.md)
        try:
            with self._breaker.calling():
                yield
        except pybreaker.CircuitBreakerError as error:
            raise self._refusal() from error

    def _refusal(self) -> DatabaseUnavailable:
        return DatabaseUnavailable("the database failed repeatedly and is not asked for a moment; try again shortly")


class GuardedDatabase:
    """The database store with every call under the guard, where there is one, and timed for the observer."""

    name = DatabaseStore.name

    def __init__(self, database: DatabaseStore, guard: Guard | None, observer: Observer) -> None:
        self._database = database
        self.guard = guard
        self._observer = observer

    def read(self, deposition_data_set_id: str) -> Answer:
        return self._call("read", lambda: self._database.read(deposition_data_set_id))

    def apply(self, change: Change, waiting: Waiting = lambda: False) -> Outcome:
        return self._call("write", lambda: self._database.apply(change, waiting))

    def snapshot(self, deposition_data_set_id: str) -> Snapshot | None:
        return self._call("read", lambda: self._database.snapshot(deposition_data_set_id))

    def current(self, deposition_data_set_id: str) -> Snapshot | None:
        return self._call("read", lambda: self._database.current(deposition_data_set_id))

    def state(self, deposition_data_set_id: str) -> Snapshot | None:
        return self._call("state", lambda: self._database.state(deposition_data_set_id))

    def behind(self) -> tuple[str, ...]:
        return self._call("behind", self._database.behind)

    def recorded(self) -> dict[str, Signatures]:
        return self._call("recorded", self._database.recorded)

    def tally(self) -> Tally:
        return self._call("tally", self._database.tally)

    def states(self, keys: Sequence[str]) -> dict[str, Snapshot]:
        return self._call("state", lambda: self._database.states(keys))

    def row_counts(self, keys: Sequence[str]) -> dict[str, int]:
        return self._call("count", lambda: self._database.row_counts(keys))

    def add(self, snapshots: Sequence[Snapshot]) -> None:
        self._call("add", lambda: self._database.add(snapshots))

    def recent(self, wanted: Wanted, begin: Begin, limit: int) -> Slice:
        return self._call("recent", lambda: self._database.recent(wanted, begin, limit))

    def record(self, deposition_data_set_id: str, applied: Applied, waits: Waiting = lambda: True) -> Recorded:
        return self._call("write", lambda: self._database.record(deposition_data_set_id, applied, waits))

    def bring(self, deposition_data_set_id: str, files: Files, merged: Merging) -> Correspondence:
        return self._call("sync", lambda: self._database.bring(deposition_data_set_id, files, merged))

    def note(self, deposition_data_set_id: str, decided: Sequence[Difference]) -> None:
        self._call("sync", lambda: self._database.note(deposition_data_set_id, decided))

    def is_ready(self) -> bool:
        """Tell whether a real table can be read: a server without quorum still answers `SELECT 1` (TRAPS.md)."""
        try:
            self.state("nobody's")
        except StoreUnavailable:
            return False
        return True

    def probe(self) -> Mapping[str, str]:
        return self._call("probe", self._database.probe)

    def max_packet(self) -> int | None:
        return self._call("packet", self._database.max_packet)

    def pool_use(self) -> PoolUse | None:
        return self._database.pool_use()

    def remove_scratch(self, deposition_data_set_id: str) -> None:
        self._call("probe", lambda: self._database.remove_scratch(deposition_data_set_id))

    def _call(self, operation: str, work: Callable[[], T]) -> T:
        with timed(self._observer, self.name, operation):
            if patience.is_given_up():
                raise DatabaseUnavailable(
                    "the database did not answer this request and is not asked again; try again shortly"
                )
            with patience.tried(), self.guard.admitted() if self.guard else nullcontext():
                return work()


class _Listener(pybreaker.CircuitBreakerListener):
    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self.changed: str | None = None

    def state_change(
        self,
        cb: pybreaker.CircuitBreaker,
        old_state: pybreaker.CircuitBreakerState | None,  # noqa: ARG002 - the library names its arguments
        new_state: pybreaker.CircuitBreakerState,
    ) -> None:
        self.changed = datetime.now(UTC).isoformat(timespec="seconds")
        self._observer.breaker_moved(str(cb.name), new_state.name)
