"""The lock that legacy programs and ours share: `<file>.lock`, created exclusively (DESIGN.md section 6).

Programs that poll for it overtake each other without end. So our own writers queue first, in the order in which the kernel
wakes them, and only the head of the queue polls; what a dead writer held there, the kernel gives up. Only the head breaks a
lock, so that nobody breaks the one that another has just made.

A change looks into all three files of a deposition and locks one. So among ours the deposition is taken in turns as well,
once the lock is held: what another program holds up is one file, not the other two.

filelock's SoftFileLock creates the file before it says who holds it, so that a process killed in between leaves a lock that
nobody may break; it also breaks foreign locks that say something, and makes missing directories. Ours is linked into place
with its owner in it.
"""

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from service.errors import FileUnavailable
from service.storage.base import Observer
from service.storage.cif.owner import Owners, is_dead, is_foreign
from service.storage.cif.stuck import StuckLocks
from service.storage.cif.turns import Turns, turns
from service.storage.durable import faults

#: Seconds between two tries of whoever polls; the legacy programs try every 0.2 s.
_POLL = 0.001


class Locks:
    """Lock files one change at a time, first come first served among the writers that share a state directory."""

    def __init__(self, state_dir: Path, timeout: float, observer: Observer) -> None:
        self.state_dir = state_dir
        self._turns = state_dir / "turns"
        self._timeout = timeout
        self._observer = observer
        self._owners = Owners(state_dir)
        self._stuck = StuckLocks(state_dir)

    @contextmanager
    def held(self, path: Path, wait: float | None = None) -> Iterator[None]:
        """Hold the lock of a file, and its deposition among ours, for the whole of a change.

        Waits as long as is set; with `wait`, no more seconds than that: it polls beside the queue, which has no end. Raises
        FileUnavailable then, naming the lock and its age. The lock of a dead process of ours on this host is broken and
        counted, a foreign one never.
        """
        begun, holder = time.monotonic(), os.getpid()
        deadline = begun + (self._timeout if wait is None else min(wait, self._timeout))
        lock = lock_of(path)
        with turns(self._turns) as turn:
            if wait is None:
                with faults(self._turns):
                    turn.wait(path.name)
            self._acquire(turn, path, lock, deadline)
            try:
                turn.leave(path.name)
                _take_deposition(turn, path, deadline)
                self._observer.lock_waited(time.monotonic() - begun)
                yield
            finally:
                if os.getpid() == holder:  # a child forked meanwhile leaves here too, and has nothing to give up
                    with faults(path):
                        lock.unlink(missing_ok=True)
                        turn.leave(path.parent.name)  # which a child that has the turns open would keep

    def note_foreign(self, locks: Iterable[Path]) -> None:
        """Note those locks that another program made, for health and metrics. Raises FileUnavailable."""
        for lock in locks:
            with faults(lock):
                if is_foreign(lock):
                    self._stuck.note(lock)

    def _acquire(self, turn: Turns, path: Path, lock: Path, deadline: float) -> None:
        with faults(path):
            while not self._owners.take(lock):
                if turn.take(path.name) and is_dead(lock):
                    lock.unlink(missing_ok=True)
                    self._observer.lock_broken()
                elif time.monotonic() > deadline:
                    self._stuck.note(lock)
                    raise _held_by_another(path, lock)
                else:
                    time.sleep(_POLL)


def _take_deposition(turn: Turns, path: Path, deadline: float) -> None:
    """Wait until none of ours changes another file of the deposition; there are never more than two of those."""
    with faults(path):
        while not turn.take(path.parent.name):
            if time.monotonic() > deadline:
                raise FileUnavailable(f"{path}: another change of {path.parent.name} takes too long", path=str(path))
            time.sleep(_POLL)


def lock_of(path: Path) -> Path:
    """Give the lock of a file."""
    return path.with_name(f"{path.name}.lock")


def _held_by_another(path: Path, lock: Path) -> FileUnavailable:
    try:
        age = f"{time.time() - lock.stat().st_mtime:.0f} s old"
    except FileNotFoundError:
        age = "gone by now"
    return FileUnavailable(
        f"{path}: the lock {lock} is held by another program ({age}); "
        "if no program uses it any more, remove it; until then nothing is written",
        path=str(path),
        lock=str(lock),
    )
