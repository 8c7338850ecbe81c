"""Kill writers with SIGKILL while four of them append to one deposition: `make torture-cif KILLS=1000`.

After the kills every acknowledged message is there, the legacy class reads every file, and the next writer is not kept
waiting by what a dead one left.
"""

import html
import io
import itertools
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from kills import kill_writers
from mmcif_utils.message.PdbxMessageIo import PdbxMessageIo

from service.changes import AppendMessage
from service.messages import Message
from service.storage.base import Observer
from service.storage.cif.lock import Locks
from service.storage.cif.paths import Site
from service.storage.cif.store import CifStore

#: Kills on one deposition before the next one, so that files stay of a common size.
ROUND = 50


def store_of(root: Path) -> CifStore:
    return CifStore(Site(root / "data"), Locks(root / "state", 10, Observer()), create=True, observer=Observer())


def append_for_ever(root: Path, deposition: str, name: str, acknowledge: Callable[[str], None]) -> None:
    store = store_of(root)
    for n in itertools.count():
        key = f"{name}-{n}"
        text = f"line\n;{key}"
        message = Message("messages-to-depositor", None, key, deposition, "2026-01-02 03:04:05", message_text=text)
        store.apply(AppendMessage(deposition, message))
        acknowledge(key)


def one_round(root: Path, deposition: str, kills: int, dice: random.Random) -> int:
    """Kill `kills` writers of a deposition, check what is left, and give how many messages were acknowledged."""
    acknowledged = kill_writers(partial(append_for_ever, root, deposition), deposition, kills, dice)
    check(root, deposition, acknowledged)
    return len(acknowledged)


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
