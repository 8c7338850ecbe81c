"""Whether a process that left a file behind still lives; process numbers are given anew."""

import os
from pathlib import Path

#: Seconds by which the clock of a file system may lag behind that of the processes.
_CLOCK = 2.0


def wrote(pid: int, path: Path) -> bool:
    """Tell whether the living process of that number on this host is the one that made a file."""
    started = _started(pid)
    try:
        return started is not None and started <= path.stat().st_mtime + _CLOCK
    except FileNotFoundError:
        return False


def _started(pid: int) -> float | None:
    """Give when a process began, in seconds since 1970; `None` for one that is gone, or dead and not yet buried."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, *fields = stat.rpartition(")")[2].split()
    ticks = int(fields[18])
    return None if state in "ZX" else _booted() + ticks / os.sysconf("SC_CLK_TCK")


def _booted() -> float:
    lines = Path("/proc/stat").read_text(encoding="ascii").splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith("btime ")))
