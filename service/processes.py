"""Whether a process that left a file behind still lives; process numbers are given anew."""

import os
from functools import lru_cache
from pathlib import Path

#: Seconds by which the clock of a file system may lag behind that of the processes.
_CLOCK = 2.0


def wrote(pid: int, path: Path) -> bool:
    """Tell whether the living process of that number on this host is the one that made a file."""
    began = ticks(pid)
    try:
        return began is not None and _booted() + began / os.sysconf("SC_CLK_TCK") <= path.stat().st_mtime + _CLOCK
    except FileNotFoundError:
        return False


def ticks(pid: int) -> int | None:
    """Give when a process of this host began, in ticks since boot, which tells it from a later one of the same number.

    Gives nothing for one that is gone, or has ended and waits for its parent to take note.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):  # gone, or going while it is looked at
        return None
    state, *fields = stat.rpartition(")")[2].split()
    return None if state in "ZX" else int(fields[18])


@lru_cache(maxsize=1)
def boot() -> str:
    """Name the time since this host was started: the ticks of a process may come again after the next start."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def _booted() -> float:
    lines = Path("/proc/stat").read_text(encoding="ascii").splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith("btime ")))
