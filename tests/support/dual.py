"""A dual profile's chain over real stores, and what a test looks at to see whether both hold the same."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, select

from service.changes import AppendMessage, EditDraft, Tag
from service.errors import DatabaseUnavailable
from service.messages import Correspondence, Message
from service.services import Services
from service.storage.base import Outcome, Store
from service.storage.database.engine import url_of
from service.storage.database.tables import conflict_log
from service.sync.sightings import ForeignWrites
from service.sync.verify import Verifier
from service.vocabulary import TO_DEPOSITOR
from support.site import Site

DEP = "D_1000000001"
QUICK = {"MSGMODULE_CIRCUIT_BREAKER": "false", "MSGMODULE_LOCK_TIMEOUT": "0.2"}
_CALLS = ("state", "snapshot", "current", "record", "bring", "apply", "note")


@dataclass(frozen=True, slots=True)
class Dual:
    """One site under a dual profile."""

    site: Site
    services: Services

    @property
    def chain(self) -> Store:
        return self.services.stores.chain(self.services.settings.profile)

    def append(self, message_id: str, text: str = "text", *, has_new_id: bool = False, **more: str) -> Outcome:
        message = Message(TO_DEPOSITOR, None, message_id, DEP, "2026-01-02 03:04:05", message_text=text, **more)
        return self.chain.apply(AppendMessage(DEP, message, has_new_id=has_new_id))

    def read(self) -> list[str | None]:
        """Give the ids that the chain answers."""
        return [m.message_id for m in self.chain.read(DEP).correspondence.messages]

    def file(self) -> Path:
        return self.site.file(DEP)

    def in_files(self) -> Correspondence:
        return self.services.stores.cif.read(DEP).correspondence

    def in_database(self) -> Correspondence:
        return self.services.stores.database.read(DEP).correspondence

    def is_equal(self) -> bool:
        """Tell whether both stores hold the same and the database knows it."""
        state = self.services.stores.database.state(DEP)
        recorded = state is not None and self.services.stores.cif.matches(DEP, state.signatures) and not state.cif_behind
        return recorded and self.in_files() == self.in_database()

    def kept(self, folder: str) -> list[str]:
        """Name the files kept in a folder of the state directory."""
        return sorted(p.name for p in (self.site.root / "state" / folder).rglob("*") if p.is_file())

    def old_copy(self) -> bytes:
        return self.file().read_bytes()

    def put_back(self, copy: bytes) -> None:
        """Write an old copy over the file in place, as a legacy program that read before us and writes after us."""
        shutil.copyfile(self.file(), self.site.root / "overwritten")
        self.file().write_bytes(copy)


def noted(site: Site) -> list[dict[str, Any]]:
    """Give the conflicts in the database as those in the file are; the file does not number them."""
    engine = create_engine(url_of(site.settings("cif-only")))
    with engine.connect() as connection:
        found = [dict(row) for row in connection.execute(select(conflict_log).order_by(conflict_log.c.id)).mappings()]
    engine.dispose()
    assert all(row.pop("id") for row in found)
    return [row | {side: json.loads(row[side]) for side in ("kept", "lost")} for row in found]


def logged_conflicts(site: Site) -> list[dict[str, Any]]:
    """Give the conflicts in the file."""
    log = site.root / "state" / "conflicts.jsonl"
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def is_sighted(both: Dual) -> bool:
    """Tell whether a file was found to be written by another program."""
    return ForeignWrites(both.site.root / "state").last() is not None


def first_call(owner: object, name: str, patch: pytest.MonkeyPatch, before: Callable[[], object]) -> None:
    """Let something happen just before the first call of a method."""
    method = getattr(owner, name)

    def call(*given: Any, **more: Any) -> Any:
        patch.setattr(owner, name, method)
        before()
        return method(*given, **more)

    patch.setattr(owner, name, call)


def edit(message_text: str, message_id: str = "m1", **more: str) -> EditDraft:
    """Edit a draft to the depositor."""
    return EditDraft(DEP, TO_DEPOSITOR, message_id, "2026-02-02 02:02:02", {"message_text": message_text, **more})


def texts(conflicts: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Give of each conflict the text that was kept and the one that was lost."""
    return [(conflict["kept"]["message_text"], conflict["lost"]["message_text"]) for conflict in conflicts]


def verifier(both: Dual) -> Verifier:
    stores = both.services.stores
    return Verifier(stores.cif, stores.database, stores.state_dir)


@contextmanager
def set_back(both: Dual) -> Iterator[None]:
    """Have the file be afterwards what is recorded now, as a snapshot of the disk brings it back."""
    before = both.site.root / "before"
    before.hardlink_to(both.file())
    yield
    before.replace(both.file())


@contextmanager
def away(*workers: Dual) -> Iterator[None]:
    """Let the database answer these workers nothing."""

    def refused(*_: object) -> None:
        raise DatabaseUnavailable("the database does not answer")

    with pytest.MonkeyPatch.context() as patch:
        for worker in workers:
            for name in _CALLS:
                patch.setattr(worker.services.stores.database, name, refused)
        yield


def flags(both: Dual) -> tuple[str | None, ...]:
    """Give the flags of the message m1 as the chain answers."""
    status = both.chain.read(DEP).correspondence.status("m1")
    assert status is not None
    return status.read_status, status.action_reqd, status.for_release


def dual(site: Site, profile: str, **more: str) -> Dual:
    return Dual(site, site.services(profile, **more))


def drafted(site: Site, profile: str) -> Dual:
    """Give a dual profile, which waits for nothing, with the draft m1 and its flags in both stores."""
    made = dual(site, profile, **QUICK)
    made.append("m1", "draft", send_status="N", message_subject="subject")
    made.chain.apply(Tag(DEP, "m1", "N", "Y", "N"))
    made.read()
    assert made.is_equal()
    return made
