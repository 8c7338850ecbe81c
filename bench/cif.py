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

from service.changes import AppendMessage, Tag
from service.messages import FileReference, Message, attributes
from service.storage.base import Observer
from service.storage.cif.lock import Locks
from service.storage.cif.paths import Site
from service.storage.cif.store import CifStore

DEPOSITION = "D_1000000001"
SIZES = (1, 10, 100, 1000, 5000)


class Bench:
    """One generated file, the two ways to work on it, and the medians in milliseconds."""

    def __init__(self, root: Path, count: int) -> None:
        self.root, self.count = root, count
        self.path = root / "data" / "archive" / DEPOSITION / f"{DEPOSITION}_messages-to-depositor_P1.cif.V1"
        self.ids = write_file(self.path, DEPOSITION, count)
        self.rng = random.Random(7)
        self.tries = max(15, min(40, 4000 // count))

    def store(self) -> CifStore:
        locks = Locks(self.root / "state", 10, Observer())
        return CifStore(Site(self.root / "data"), locks, create=True, observer=Observer())

    def median(self, work: Callable[[Any], object], prepare: Callable[[], Any] = lambda: None) -> float:
        """Time `work` alone; what `prepare` makes for it is not counted."""
        times = []
        for _ in range(self.tries):
            given = prepare()
            begun = time.perf_counter()
            work(given)
            times.append(time.perf_counter() - begun)
        return statistics.median(times) * 1000

    def run(self) -> dict[str, float]:
        self.age()
        warm = self.store()
        found = {
            "read, first": self.median(lambda s: s.snapshot(DEPOSITION), self.store),
            "read, again": self.median(lambda _: warm.snapshot(DEPOSITION)),
            "legacy read": self.median(lambda _: self.legacy_read()),
        }
        warm = self.store()
        for _ in range(2):  # from the second change on the rows of the file are known
            warm.write(self.append())
        found |= {
            "append": self.median(warm.write, self.append),
            "mark read": self.median(warm.write, self.tag),
            "append, first": self.median(lambda pair: pair[0].write(pair[1]), lambda: (self.store(), self.append())),
            "mark read, first": self.median(lambda pair: pair[0].write(pair[1]), lambda: (self.store(), self.tag())),
            "legacy append": self.median(self.legacy_append, self.append),
            "legacy mark read": self.median(lambda _: self.legacy_mark()),
            "copy": self.median(lambda _: self.copy()),
        }
        return found | {"append, peak memory / file": self.peak()}

    def age(self) -> None:
        """Let the file be older than the file system's clock tick, as nearly all files are."""
        os.utime(self.path, (1_600_000_000, 1_600_000_000))

    def append(self) -> AppendMessage:
        letter, files, _ = message(DEPOSITION, self.rng, self.rng.randrange(10**6))
        unnumbered = tuple(replace(f, ordinal_id=None) for f in files)
        return AppendMessage(DEPOSITION, replace(letter, ordinal_id=None), unnumbered)

    def tag(self) -> Tag:
        return Tag(DEPOSITION, self.rng.choice(self.ids), "N", self.rng.choice("YN"), str(self.rng.random())[:5])

    def peak(self) -> float:
        store, change = self.store(), self.append()
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
        "read again / legacy read, %": 100 * found["read, again"] / found["legacy read"],
        "append / copy": found["append"] / found["copy"],
    }


def main() -> None:
    """Run all sizes and print a table and, as the last line, JSON."""
    results = {}
    for count in map(int, sys.argv[1:] or SIZES):
        root = Path(tempfile.mkdtemp(dir=Path.cwd()))
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
