"""Kill writers with SIGKILL while four of them append to one deposition: `make torture-cif KILLS=1000`.

After the kills every acknowledged message is there, the legacy class reads every file, and the next writer is not kept
waiting by what a dead one left.
"""

import html
import io
import itertools
import os
import random
import select
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from mmcif_utils.message.PdbxMessageIo import PdbxMessageIo

from service.changes import AppendMessage
from service.messages import Message
from service.storage.base import Observer
from service.storage.cif.lock import Locks
from service.storage.cif.paths import Site
from service.storage.cif.store import CifStore

WRITERS = 4
#: Kills on one deposition before the next one, so that files stay of a common size.
ROUND = 50
#: Seconds without an acknowledgement that no slow disk explains: longer than any wait for a lock.
STUCK = 60


@dataclass(slots=True)
class Writer:
    """A child that appends and says so: its process, the end of its pipe, what it has acknowledged."""

    pid: int
    pipe: int
    acknowledged: list[str] = field(default_factory=list)

    def hear(self) -> None:
        """Take what it has just said."""
        if not (chunk := os.read(self.pipe, 65536)):
            raise SystemExit("a writer ended by itself: a change was refused")
        self.acknowledged += chunk.decode().split()

    def drain(self) -> None:
        """Take what it said so far, to its last word where it has ended."""
        while chunk := os.read(self.pipe, 65536):
            self.acknowledged += chunk.decode().split()
        os.close(self.pipe)


def store_of(root: Path) -> CifStore:
    return CifStore(Site(root / "data"), Locks(root / "state", 10, Observer()), create=True, observer=Observer())


def start(root: Path, deposition: str, name: str) -> Writer:
    """Fork a writer that appends until it is killed, acknowledging each message once it is durable."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        return Writer(pid, reader)
    try:
        append_for_ever(root, deposition, name, writer)
    finally:
        os._exit(1)  # whatever happened: the parent's code is not this process's to run


def append_for_ever(root: Path, deposition: str, name: str, pipe: int) -> None:
    store = store_of(root)
    for n in itertools.count():
        key = f"{name}-{n}"
        text = f"line\n;{key}"
        message = Message("messages-to-depositor", None, key, deposition, "2026-01-02 03:04:05", message_text=text)
        store.apply(AppendMessage(deposition, message))
        os.write(pipe, f"{key}\n".encode())


def one_round(root: Path, deposition: str, kills: int, dice: random.Random) -> int:
    """Kill `kills` writers of a deposition, check what is left, and give how many messages were acknowledged."""
    writers = [start(root, deposition, f"{deposition}-{n}") for n in range(WRITERS)]
    acknowledged: list[str] = []
    for kill in range(kills):
        await_one(writers)
        time.sleep(dice.uniform(0, 0.01))  # the moment is the point: nothing more is waited for
        victim = dice.randrange(WRITERS)
        acknowledged += end(writers[victim])
        writers[victim] = start(root, deposition, f"{deposition}-{WRITERS + kill}")
    for writer in writers:
        acknowledged += end(writer)
    check(root, deposition, acknowledged)
    return len(acknowledged)


def await_one(writers: list[Writer]) -> None:
    """Wait until a writer acknowledges something, so that every kill hits work under way however slow the disk is."""
    ready, _, _ = select.select([writer.pipe for writer in writers], [], [], STUCK)
    if not ready:
        raise SystemExit(f"no writer got on for {STUCK} s: something is in the way")
    for writer in writers:
        if writer.pipe in ready:
            writer.hear()


def end(writer: Writer) -> list[str]:
    """Kill a writer and give all it ever acknowledged."""
    os.kill(writer.pid, signal.SIGKILL)
    if not os.WIFSIGNALED(os.waitpid(writer.pid, 0)[1]):
        raise SystemExit("a writer ended by itself: a change was refused")
    writer.drain()
    return writer.acknowledged


def check(root: Path, deposition: str, acknowledged: list[str]) -> None:
    """Raise SystemExit where something is lost, unreadable or in the way of the next writer."""
    begun = time.monotonic()
    last = Message("messages-to-depositor", None, "last", deposition, "2026-01-02 03:04:05", message_text="last")
    store_of(root).apply(AppendMessage(deposition, last))
    waited = time.monotonic() - begun
    message_io = PdbxMessageIo(verbose=False, log=io.StringIO())
    path = root / "data" / "archive" / deposition / f"{deposition}_messages-to-depositor_P1.cif.V1"
    if not message_io.read(str(path)):
        raise SystemExit(f"the legacy class cannot read {path}")
    rows = message_io.getMessageInfo()
    found = {row["message_id"] for row in rows}
    texts = {row["message_id"] for row in rows if html.unescape(row["message_text"]) == f"line\n;{row['message_id']}"}
    if lost := set(acknowledged) - texts:
        raise SystemExit(f"{len(lost)} acknowledged messages are lost or altered: {sorted(lost)[:5]}")
    if len(found) != len(rows) or waited > 10:
        raise SystemExit(f"{len(rows) - len(found)} duplicates; the next writer waited {waited:.1f} s")


def torture(root: Path, kills: int, seed: int) -> int:
    """Kill that many writers in rounds and give how many messages were acknowledged."""
    for folder in ("archive", "deposit", "autogroup"):
        (root / "data" / folder).mkdir(parents=True, exist_ok=True)
    dice = random.Random(seed)
    total = 0
    for begun in range(0, kills, ROUND):
        total += one_round(root, f"D_{1_000_000_000 + begun}", min(ROUND, kills - begun), dice)
    return total


def main() -> None:
    """Run the whole campaign and say what it saw."""
    kills, seed = int(sys.argv[1]), int(time.time())
    root = Path(tempfile.mkdtemp())
    try:
        print(f"{kills} kills, seed {seed}: {torture(root, kills, seed)} acknowledged messages, none lost")
    finally:
        shutil.rmtree(root)


if __name__ == "__main__":
    main()
