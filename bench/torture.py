"""Kill workers at random steps of the dual write, in both dual profiles over MariaDB: `make torture KILLS=1000`.

Each worker appends, edits its draft and marks it read, and says what was acknowledged. After each round one reconcile makes
both stores equal, every acknowledged message is in both with its last acknowledged text, and none is there twice.
"""

import itertools
import random
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from kills import kill_writers
from support import mariadb
from support.site import DUAL, Site, make_site

from service.changes import AppendMessage, EditDraft, MarkRead
from service.messages import Correspondence, Message
from service.services import Services
from service.sync.reconcile import Reconciler
from service.vocabulary import TO_DEPOSITOR

#: Kills on one deposition before the next one, so that files stay of a common size.
ROUND = 25
WHEN = "2026-01-02 03:04:05"


def work(site: Site, profile: str, deposition: str, name: str, acknowledge: Callable[[str], None]) -> None:
    """Append a draft, send it with another text, and mark it read; again and again."""
    services = site.services(profile, MSGMODULE_LOCK_TIMEOUT="10")  # a busy machine is no foreign program
    chain = services.stores.chain(services.settings.profile)
    for n in itertools.count():
        key = f"{name}-{n}"
        draft = Message(TO_DEPOSITOR, None, key, deposition, WHEN, message_text="draft", send_status="N")
        chain.apply(AppendMessage(deposition, draft))
        acknowledge(f"{key}:draft")
        sent = {"message_text": "sent", "send_status": "Y"}
        chain.apply(EditDraft(deposition, TO_DEPOSITOR, key, WHEN, sent))
        acknowledge(f"{key}:sent")
        chain.apply(MarkRead(deposition, key))
        acknowledge(f"{key}:read")


def check(services: Services, deposition: str, acknowledged: list[str]) -> None:
    """Raise SystemExit where something is lost, doubled, or not the same in both stores."""
    stores, profile = services.stores, services.settings.profile
    reconciler = Reconciler(stores.cif, stores.database, stores.sync(profile), stores.state_dir)
    failed: list[str] = []
    reconciler.repair(reconciler.behind(), lambda key, error: failed.append(f"{key}: {error.message}"))
    file, rows = stores.cif.read(deposition).correspondence, stores.database.read(deposition).correspondence
    if failed or file != rows or list(reconciler.behind()):
        raise SystemExit(f"{deposition}: the stores differ after a reconcile {failed}")
    if lost := [key for key in acknowledged if not _holds(file, *key.rsplit(":", 1))]:
        raise SystemExit(f"{deposition}: {len(lost)} acknowledged changes are lost: {sorted(lost)[:5]}")
    if len({m.message_id for m in file.messages}) != len(file.messages):
        raise SystemExit(f"{deposition}: a message is there twice")


def _holds(found: Correspondence, message_id: str, what: str) -> bool:
    message, status = found.message(message_id), found.status(message_id)
    if message is None or (what == "sent" and message.message_text != "sent"):
        return False
    return what != "read" or (status is not None and status.read_status == "Y")


def torture(root: Path, url: str, kills: int, seed: int) -> int:
    """Kill that many workers in rounds, the profiles in turn, and give how many changes were acknowledged."""
    site, dice, total = make_site(root, url), random.Random(seed), 0
    site.initialise()
    for number, begun in enumerate(range(0, kills, ROUND)):
        profile, deposition = DUAL[number % 2], f"D_{1_000_000_000 + begun}"
        killed = kill_writers(partial(work, site, profile, deposition), deposition, min(ROUND, kills - begun), dice)
        check(site.services(profile), deposition, killed)
        total += len(killed)
    return total


def main() -> None:
    """Run the whole campaign and say what it saw."""
    kills, seed = int(sys.argv[1]), int(time.time())
    with tempfile.TemporaryDirectory(prefix="torture-") as folder, mariadb.fresh_database() as url:
        print(f"{kills} kills, seed {seed}: {torture(Path(folder), url, kills, seed)} acknowledged changes, none lost")


if __name__ == "__main__":
    main()
