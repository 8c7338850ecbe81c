"""Locks that the thread which holds them may take again: a program of ours changes a file within its own LockFile."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.storage.cif.lock import Locks

_here = threading.local()


class OwnLocks(Locks):
    """Lock files as `Locks` do, but for those that this thread holds already."""

    @contextmanager
    def held(self, path: Path, wait: float | None = None) -> Iterator[None]:
        held: set[str] = _here.__dict__.setdefault("held", set())
        key = os.path.realpath(path)
        if key in held:
            yield
            return
        with super().held(path, wait):
            held.add(key)
            try:
                yield
            finally:
                held.discard(key)
