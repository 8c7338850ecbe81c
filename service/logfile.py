"""The file that the log goes to beside stderr, and its last lines."""

import sys
from collections import deque
from pathlib import Path
from typing import Any, TextIO

from service.errors import FileUnavailable
from service.storage.durable import faults


class Tee:
    """A stream that writes to stderr, and whole lines to a file as well, which may be rotated away at any time.

    A file that cannot be written never stops the service.
    """

    def __init__(self, stream: TextIO, path: Path) -> None:
        self._stream = stream
        self._path = path
        self._line = ""

    def write(self, text: str) -> int:
        self._stream.write(text)
        self._line += text
        if self._line.endswith("\n"):
            self._append(self._line)
            self._line = ""
        return len(text)

    def __getattr__(self, name: str) -> Any:
        """Be the stream in everything else."""
        return getattr(self._stream, name)

    def _append(self, lines: str) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(lines)
        except OSError as error:
            self._stream.write(f"messaging: {self._path} is not written: {error.strerror}\n")


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
