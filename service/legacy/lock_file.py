"""`LockFile`: the lock that OneDep programs hold on a message file, the same as ours (DESIGN.md section 6)."""

import sys
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from service.embedded import program
from service.errors import FileUnavailable
from service.legacy.place import locks_of


class LockFileTimeoutException(Exception):
    """Another program has held the lock for longer than the caller would wait."""


class LockFile:
    """Hold `<file>.lock` with its owner in it; ours left by a dead process are removed, others are waited for (K22).

    What this thread writes through `PdbxMessageIo` meanwhile goes on under the same lock. A path whose directory does not
    exist, as programs make up for messages in the database, has nothing to lock.
    """

    def __init__(
        self,
        filePath: str,
        timeoutSeconds: float = 15,
        retrySeconds: float = 0.2,
        verbose: bool = False,
        log: TextIO = sys.stderr,
    ) -> None:
        self._path = Path(filePath)
        self._timeout = timeoutSeconds
        self._held = ExitStack()

    def acquire(self) -> None:
        """Take the lock. Raises LockFileTimeoutException naming the lock and its age."""
        if not self._path.parent.is_dir():
            return
        try:
            self._held.enter_context(locks_of(program(), self._timeout).held(self._path))
        except FileUnavailable as error:
            raise LockFileTimeoutException(error.message) from error

    def release(self) -> None:
        self._held.close()

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()
