"""The file that the log goes to beside stderr, and its last lines."""

import os
import sys
from collections import deque
from pathlib import Path
from typing import TextIO

from service.errors import FileUnavailable
from service.storage.durable import faults


class Tee:
    """A stream that writes to stderr and to a file. A file that cannot be written never stops the service."""

    def __init__(self, stream: TextIO, path: Path) -> None:
        self._stream = stream
        self._path = path
        self._file: TextIO | None = None

    def write(self, text: str) -> int:
        self._stream.write(text)
        try:
            self._opened().write(text)
        except OSError as error:
            self._stream.write(f"messaging: {self._path} is not written: {error.strerror}\n")
        return len(text)

    def flush(self) -> None:
        self._stream.flush()

    def _opened(self) -> TextIO:
        """Give the file, opened anew where it was rotated away."""
        if (
            self._file is None
            or not self._path.exists()
            or not os.path.samestat(self._path.stat(), os.fstat(self._file.fileno()))
        ):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("a", encoding="utf-8", buffering=1)
        return self._file


def tee(path: Path) -> None:
    """Have what this process writes to stderr go to a file as well."""
    sys.stderr = Tee(sys.stderr, path)


def last_lines(path: Path, count: int) -> list[str]:
    """Give the last lines of the log. Raises FileUnavailable naming the file where there is none or it is empty."""
    with faults(path), path.open(encoding="utf-8", errors="replace") as file:
        found = list(deque((line.rstrip("\n") for line in file), count))
    if not found:
        raise FileUnavailable(f"{path} is empty: nothing was logged yet", path=str(path))
    return found
