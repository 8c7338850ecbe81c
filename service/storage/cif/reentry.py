"""Locks that the thread which holds them may take again: a program of ours changes a file within its own LockFile."""

import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from service.storage.cif.lock import Locks


@dataclass(slots=True)
class _Own:
    """A lock of this thread; it goes with the last of its holders, in whatever order they let go."""

    lock: ExitStack
    holders: int = 0


class _Here(threading.local):
    """The locks of a thread by process and file: what a forked child finds of its parent's is not its own."""

    def __init__(self) -> None:
        self.own: dict[tuple[int, str], _Own] = {}


_here = _Here()


class OwnLocks(Locks):
    """Lock files as `Locks` do, but for those that this thread holds already."""

    @contextmanager
    def held(self, path: Path, wait: float | None = None) -> Iterator[None]:
        own, key = _here.own, (os.getpid(), os.path.realpath(path))
        if key not in own:
            lock = ExitStack()
            lock.enter_context(super().held(path, wait))
            own[key] = _Own(lock)
        mine = own[key]
        mine.holders += 1
        try:
            yield
        finally:
            mine.holders -= 1
            if not mine.holders:
                del own[key]
                mine.lock.close()
