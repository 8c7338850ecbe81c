"""The active profile of a site: one small file in `state_dir`, replaced atomically, read by every process (section 7)."""

import json
import os
import socket
from collections import deque
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

from service.clock import utc_now
from service.errors import FileUnavailable
from service.processes import wrote
from service.storage.durable import (
    append_line,
    exclusive,
    faults,
    make_directory,
    names,
    sync_path,
    unavailable,
    write_new,
)

Stamp = tuple[int, int, int]
#: Characters of a line in the audit trail that a person gives.
LONGEST = 500
#: The file that says that a restore has begun.
UNFINISHED = "restore.unfinished"


@dataclass(frozen=True, slots=True)
class Active:
    """Which profile is active since when, by whom and why; `environment` is the name it was decided under."""

    profile: str
    epoch: int
    who: str
    when: str
    why: str
    environment: str


class ActiveFile:
    """Read and replace the active profile; one process at a time changes it."""

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir
        self.path = state_dir / "profile.json"
        self._audit = state_dir / "audit.jsonl"
        self._unfinished = state_dir / UNFINISHED

    def stamp(self) -> Stamp | None:
        """Tell one content of the file from another without reading it; `None` where there is no file yet.

        Raises FileUnavailable.
        """
        try:
            stat = os.stat(self.path)  # noqa: PTH116 - asked for every answer
        except FileNotFoundError:
            return None
        except OSError as error:
            raise unavailable(self.path, error) from error
        return stat.st_mtime_ns, stat.st_ino, stat.st_size

    def read(self) -> Active | None:
        """Read the active profile. Raises FileUnavailable where the file does not say it, or a restore broke off."""
        if (backup := self.unfinished()) is not None:
            raise FileUnavailable(
                f"the restore of {backup} was not finished, the site is not whole; run `msgmodule restore {backup}` again"
            )
        try:
            return Active(**json.loads(self.path.read_bytes()))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise unavailable(self.path, error) from error
        except (ValueError, TypeError) as error:
            raise FileUnavailable(f"{self.path} does not name the active profile: {error}") from error

    def replace(self, active: Active) -> None:
        with faults(self.path):
            write_new(self.path, json.dumps(asdict(active), indent=1).encode())

    def unfinished(self) -> str | None:
        """Name the backup whose restore has begun and is not finished. Raises FileUnavailable."""
        with faults(self._unfinished), suppress(FileNotFoundError):
            return self._unfinished.read_text(encoding="utf-8")
        return None

    def begin_restore(self, backup: Path) -> None:
        """Say that the site is not whole until a restore is finished. Raises FileUnavailable."""
        with faults(self._unfinished):
            make_directory(self._unfinished.parent)
            write_new(self._unfinished, str(backup).encode())

    def end_restore(self) -> None:
        """Say that a restore is finished. Raises FileUnavailable."""
        with faults(self._unfinished):
            self._unfinished.unlink()
            sync_path(self._unfinished.parent)

    def changing(self, wait: float | None = None) -> AbstractContextManager[None]:
        """Hold the right to change the active profile. Raises Conflict where another holds it for `wait` seconds."""
        busy = "another switch of the profile is under way, which may export a while; look again when it is done"
        return exclusive(self.state_dir / "profile.lock", wait, busy)

    def trail(self, most: int) -> list[dict[str, object]]:
        """Give the newest attempts to change the profile, the newest first; a line that a crash cut short as it stands."""
        with faults(self._audit):
            if not self._audit.exists():
                return []
            with self._audit.open("rb") as file:
                lines = deque(file, maxlen=most)
        return [_entry(line) for line in reversed(lines)]

    def audit(self, **entry: object) -> None:
        """Write one line about an attempt to change the profile, refused ones too, whatever a caller has typed."""
        told = {name: _writable(value) if isinstance(value, str) else value for name, value in entry.items()}
        with faults(self._audit):
            append_line(self._audit, json.dumps({"time": utc_now()} | told).encode())


class Workers:
    """Each worker leaves its process, the epoch it last used and its breaker: one that lags or is cut off is seen."""

    def __init__(self, state_dir: Path) -> None:
        self._root = state_dir / "workers"

    def report(self, epoch: int, breaker: str, failures: int, changed: str | None) -> None:
        """Say that this process lives, and how its breaker stands since when; lost in a power cut.

        `breaker` is `off` where there is none; `changed` is `None` where it stands so since the process began.
        """
        host, pid = socket.gethostname(), os.getpid()
        with faults(self._root):
            self._root.mkdir(parents=True, exist_ok=True)
            entry = {"host": host, "pid": pid, "epoch": epoch, "seen": utc_now(), "breaker": breaker}
            entry |= {"failures": failures, "changed": changed}
            write_new(self._root / f"{host}-{pid}.json", json.dumps(entry).encode(), durable=False)

    def all(self) -> list[dict[str, object]]:
        """List the workers; those of this host that are gone are removed first. Raises FileUnavailable.

        One whose file a power cut tore is gone as well; where it was another host's, that removes it.
        """
        found = []
        for name in names(self._root):
            with faults(self._root / name), suppress(FileNotFoundError):
                entry = _worker(self._root / name)
                if entry is not None:
                    found.append(entry)
        return found

    def others(self) -> list[dict[str, object]]:
        """List them but for this process."""
        return [worker for worker in self.all() if (worker["host"], worker["pid"]) != (socket.gethostname(), os.getpid())]

    def here(self) -> list[dict[str, object]]:
        """List those of this host."""
        return [worker for worker in self.all() if worker["host"] == socket.gethostname()]


def _worker(path: Path) -> dict[str, object] | None:
    """Read the file of a worker; give nothing for one of this host that is gone, whose file goes too. Raises OSError."""
    here = socket.gethostname()
    try:
        entry = cast(dict[str, object], json.loads(path.read_bytes()))
        is_gone = entry["host"] == here and not wrote(int(str(entry["pid"])), path)
    except (ValueError, TypeError, KeyError):
        if path.name.startswith(f"{here}-"):
            path.unlink(missing_ok=True)
        return None
    if is_gone:
        path.unlink(missing_ok=True)
    return None if is_gone else entry


def _writable(text: str) -> str:
    """Spell out what is no text: half of a pair, or a byte of a command line, which no page can show."""
    return text.encode("utf-8", "backslashreplace").decode()


def _entry(line: bytes) -> dict[str, object]:
    try:
        return cast(dict[str, object], json.loads(line))
    except ValueError:
        text = line.decode(errors="replace").strip()
        return {"time": "", "event": "a line that cannot be read", "result": "damaged", "reason": text}
