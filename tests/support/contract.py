"""Everything that behaves as a store: the single ones, and the chain of every profile, on both servers."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from service.changes import AppendMessage
from service.messages import Message
from service.storage.base import Outcome, Store
from service.vocabulary import TO_DEPOSITOR
from support import mariadb
from support.site import PROFILES, make_site

SUBJECTS = [
    "cif",
    *(f"{kind} {server}" for server in ("sqlite", "mariadb") for kind in ("guarded database", *PROFILES)),
]


@contextmanager
def subject(name: str, root: Path, **more: str) -> Iterator[Store]:
    """Give one store, or the chain of a profile, on a database of its own."""
    kind, _, server = name.rpartition(" ")
    with mariadb.fresh_database() if server == "mariadb" else nullcontext(f"sqlite:///{root}/messages.db") as url:
        site = make_site(root, url)
        site.initialise()
        services = site.services(kind if kind in PROFILES else "cif-only", **more)
        stores = services.stores
        single: dict[str, Store] = {"": stores.cif, "guarded database": stores.database}
        yield single.get(kind) or stores.chain(services.settings.profile)


def message(dep: str, message_id: str, **more: str | None) -> Message:
    """Give a sent message with what a test wants different."""
    fields: dict[str, Any] = {"content_type": TO_DEPOSITOR, "timestamp": "2026-01-02 03:04:05", "send_status": "Y"}
    return Message(**fields | {"ordinal_id": None, "message_id": message_id, "deposition_data_set_id": dep} | more)


def append(store: Store, dep: str, message_id: str, **more: str | None) -> Outcome:
    """Append such a message."""
    return store.apply(AppendMessage(dep, message(dep, message_id, **more)))
