"""The files in which the processes of a server add up their metrics, and what becomes of those of dead processes.

mod_wsgi tells nobody that a process ended, and files of the dead would stay for ever (TRAPS.md). So their gauges go, and
what they counted moves into one file, when a process starts and before each scrape.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import mark_process_dead

from service.processes import wrote
from service.storage.durable import exclusive

_SUMS = ("counter", "histogram")
_DEAD = "dead"
#: What prometheus_client calls its files, and we the sums of the dead; a SQLite database may be called `.db` as well.
_NAME = re.compile(rf"(?:counter|histogram|summary|gauge_[a-z]+)_([0-9]+|{_DEAD})\.db")


@contextmanager
def swept(directory: Path) -> Iterator[None]:
    """Sweep, and keep others from sweeping until the block is left: a file moved meanwhile would count twice or not."""
    with exclusive(directory / "sweep.lock"):
        for pid in sorted({pid for pid, path in _files(directory) if not wrote(pid, path)}):
            mark_process_dead(pid, str(directory))  # type: ignore[no-untyped-call]
            for kind in _SUMS:
                _add(directory / f"{kind}_{pid}.db", directory / f"{kind}_{_DEAD}.db")
        yield


def clear(directory: Path) -> None:
    """Drop what the processes of an earlier run left, which would be added up for ever (TRAPS.md).

    Those that live beside the service, its sidecar and its timers, go on counting into their files.
    """
    with exclusive(directory / "sweep.lock"):
        for owner, path in _named(directory):
            if owner == _DEAD or not wrote(int(owner), path):
                path.unlink()


def _files(directory: Path) -> Iterator[tuple[int, Path]]:
    return ((int(owner), path) for owner, path in _named(directory) if owner != _DEAD)


def _named(directory: Path) -> Iterator[tuple[str, Path]]:
    """Give the files of the processes, each with the number of its own, or that of the dead."""
    for path in directory.glob("*.db"):
        if (named := _NAME.fullmatch(path.name)) is not None:
            yield named[1], path


def _add(file: Path, total: Path) -> None:
    """Move the sums of one file into another, which appears whole."""
    if not file.exists():
        return
    new = total.with_suffix(".new")
    new.unlink(missing_ok=True)
    sums = MmapedDict(str(new))  # type: ignore[no-untyped-call]
    for one in (total, file):
        if one.exists():
            for key, value, stamp, _ in MmapedDict.read_all_values_from_file(str(one)):  # type: ignore[no-untyped-call]
                sums.write_value(key, sums.read_value(key)[0] + value, stamp)  # type: ignore[no-untyped-call]
    sums.close()  # type: ignore[no-untyped-call]
    new.replace(total)
    file.unlink()
