"""Measure the CIF store beside the legacy class on generated files, in one run: `make bench-cif`.

The legacy class is made durable: temporary file, fsync, rename, fsync of the directory, as ours is. Ours also takes the
legacy lock, keeps the five snapshots, reads back what it writes, and answers from the state a web request would find.
"""

import io
import json
import os
import platform
import random
import shutil
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from generate import message, write_file
from mmcif_utils.message.PdbxMessageIo import PdbxMessageIo

from service.changes import AppendMessage, MarkRead, Tag
from service.messages import FileReference, Message, attributes
from service.storage.base import Observer
from service.storage.cif.lock import Locks
from service.storage.cif.paths import Site
from service.storage.cif.signature import GRANULARITY
from service.storage.cif.store import CifStore

DEPOSITION = "D_1000000001"
SIZES = (1, 10, 100, 1000, 5000)
#: On the disk of the project, for a temporary folder may be memory.
VAR = Path(__file__).parents[1] / "var"


class Bench:
    """One generated file, the ways to work on it, and the medians in milliseconds.

    A change is measured on a fresh copy of the file each time, so that it never grows. "Hot" means that this process made
    the last change: one that leaves the size all but the same, a flag set and set back, goes before without being counted.
    """

    def __init__(self, root: Path, count: int) -> None:
        self.root, self.count = root, count
        self.path = root / "data" / "archive" / DEPOSITION / f"{DEPOSITION}_messages-to-depositor_P1.cif.V1"
        self.ids = write_file(self.path, DEPOSITION, count)
        self.whole = self.path.read_bytes()
        self.rng = random.Random(7)
        self.tries = max(15, min(60, 6000 // count))

    def store(self, root: Path) -> CifStore:
        return CifStore(Site(root / "data"), Locks(root / "state", 10, Observer()), create=True, observer=Observer())

    def fresh(self) -> CifStore:
        """Give a store that never saw the file, and the file as it was generated, older than the clock's tick."""
        for left in self.path.parent.iterdir():
            if left != self.path:
                left.unlink()
        self.path.unlink()
        self.path.write_bytes(self.whole)
        descriptor = os.open(self.path, os.O_RDONLY)
        os.fsync(descriptor)  # what is measured pays for its own bytes alone
        os.close(descriptor)
        os.utime(self.path, (1_600_000_000, 1_600_000_000))
        return self.store(self.root)

    def still(self) -> CifStore:
        """Give a store that has read a deposition which nothing has touched for longer than a tick of the clock."""
        root = self.root / "still"
        write_file(root / self.path.relative_to(self.root), DEPOSITION, self.count)
        store = self.store(root)
        time.sleep(GRANULARITY / 1e9)
        store.snapshot(DEPOSITION)
        return store

    def hot(self) -> CifStore:
        """Give a store that made the last two changes to the file, with five snapshots as an old file has them."""
        store = self.fresh()
        for n in range(5):
            Path(f"{self.path}.PREV{n}").write_bytes(self.whole if n == 4 else b"")
        for flag in "QN":
            store.write(Tag(DEPOSITION, self.ids[0], "N", flag, "N"))
        return store

    def works(self) -> dict[str, tuple[Callable[[Any], object], Callable[[], Any]]]:
        """Give for each name what is timed, and what makes the thing that it is given."""
        known = self.still()
        return {
            "read, first": (lambda store: store.snapshot(DEPOSITION), self.fresh),
            "read, again, 100 times": (lambda store: [store.snapshot(DEPOSITION) for _ in range(100)], lambda: known),
            "legacy read": (lambda _: self.legacy_read(), self.fresh),
            "append": (lambda given: given[0].write(given[1]), lambda: (self.hot(), self.append())),
            "mark read": (lambda given: given[0].write(given[1]), lambda: (self.hot(), self.mark())),
            "append, first": (lambda given: given[0].write(given[1]), lambda: (self.fresh(), self.append())),
            "mark read, first": (lambda given: given[0].write(given[1]), lambda: (self.fresh(), self.mark())),
            "legacy append": (lambda given: self.legacy_append(given[1]), lambda: (self.hot(), self.append())),
            "legacy mark read": (lambda _: self.legacy_mark(), self.hot),
            "copy": (lambda _: self.copy(), self.hot),
        }

    def run(self) -> dict[str, float]:
        """Give the medians. All works take turns, so that what else the machine does falls on all alike."""
        works = self.works()
        times: dict[str, list[float]] = {name: [] for name in works}
        for _ in range(self.tries):
            for name, (work, prepare) in works.items():
                given = prepare()
                begun = time.perf_counter()
                work(given)
                times[name].append(time.perf_counter() - begun)
        medians = {name: statistics.median(taken) * 1000 for name, taken in times.items()}
        return medians | {"append, peak memory / file": self.peak()}

    def append(self) -> AppendMessage:
        letter, files, _ = message(DEPOSITION, self.rng, self.rng.randrange(10**6))
        unnumbered = tuple(replace(f, ordinal_id=None) for f in files)
        return AppendMessage(DEPOSITION, replace(letter, ordinal_id=None), unnumbered)

    def mark(self) -> MarkRead:
        return MarkRead(DEPOSITION, self.rng.choice(self.ids))

    def peak(self) -> float:
        store, change = self.fresh(), self.append()
        size = self.path.stat().st_size
        tracemalloc.start()
        store.write(change)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak / size

    def legacy_opened(self) -> Any:
        message_io = PdbxMessageIo(verbose=False, log=io.StringIO())
        if not message_io.read(str(self.path)):
            raise SystemExit(f"the legacy class cannot read {self.path}")
        return message_io

    def legacy_read(self) -> None:
        message_io = self.legacy_opened()
        message_io.getMessageInfo()
        message_io.getFileReferenceInfo()
        message_io.getMsgStatusInfo()

    def legacy_append(self, change: AppendMessage) -> None:
        message_io = self.legacy_opened()
        message_io.appendMessage({a: getattr(change.message, a) or "?" for a in attributes(Message)})
        for file in change.files:
            message_io.appendFileReference({a: getattr(file, a) or "?" for a in attributes(FileReference)})
        self.legacy_write(message_io)

    def legacy_mark(self) -> None:
        message_io = self.legacy_opened()
        message_io.update("pdbx_deposition_message_status", "read_status", "Y", self.rng.randrange(self.count))
        self.legacy_write(message_io)

    def legacy_write(self, message_io: Any) -> None:
        temporary = self.path.with_suffix(".new")
        message_io.write(str(temporary))
        durable(temporary, self.path)

    def copy(self) -> None:
        """Do the least that a durable change of a whole file costs."""
        temporary = self.path.with_suffix(".new")
        temporary.write_bytes(self.path.read_bytes())
        durable(temporary, self.path)


def durable(temporary: Path, path: Path) -> None:
    """Make a written file durable under its name."""
    for name, flags in ((temporary, os.O_RDONLY), (path.parent, os.O_RDONLY | os.O_DIRECTORY)):
        descriptor = os.open(name, flags)
        os.fsync(descriptor)
        os.close(descriptor)
        if name == temporary:
            temporary.replace(path)


def ratios(found: dict[str, float]) -> dict[str, float]:
    """Say how many times faster ours is, and how far from the bare copy."""
    return {
        "read": found["legacy read"] / found["read, first"],
        "append": found["legacy append"] / found["append"],
        "mark read": found["legacy mark read"] / found["mark read"],
        "append, first": found["legacy append"] / found["append, first"],
        "mark read, first": found["legacy mark read"] / found["mark read, first"],
        "read again / legacy read, %": found["read, again, 100 times"] / found["legacy read"],
        "append / copy": found["append"] / found["copy"],
    }


def main() -> None:
    """Run all sizes and print a table and, as the last line, JSON."""
    results = {}
    for count in map(int, sys.argv[1:] or SIZES):
        VAR.mkdir(exist_ok=True)
        root = Path(tempfile.mkdtemp(dir=VAR))
        try:
            found = Bench(root, count).run()
        finally:
            shutil.rmtree(root)
        results[count] = {"milliseconds": found, "times": ratios(found)}
        print(f"\n{count} messages")
        for name, value in [*found.items(), *((f"{k} (times)", v) for k, v in ratios(found).items())]:
            print(f"  {name:32} {value:10.2f}")
    print(
        json.dumps(
            {"machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"} | results
        )
    )


if __name__ == "__main__":
    main()
