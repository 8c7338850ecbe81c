"""A site with several workers for the model test: real files, a real server behind a proxy, faults that can be switched."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from service.errors import StoreUnavailable, SwitchRefused
from service.services import Services
from service.storage.base import Answer, Outcome
from service.storage.build import Stores
from service.storage.cif.lock import lock_of
from service.storage.guard import GuardedDatabase
from service.sync.reconcile import Reconciler
from support import legacy
from support.dual import DEP
from support.proxy import Proxy
from support.site import Site

FAST = {"MSGMODULE_CIRCUIT_BREAKER": "false", "MSGMODULE_LOCK_TIMEOUT": "0.05"}


class Died(BaseException):
    """A worker that is gone at a step of the protocol: nothing of ours may catch it."""


@contextmanager
def dying(owner: object, step: str) -> Iterator[None]:
    """Have the worker that works here die at a step."""

    def die(*_: object, **__: object) -> None:
        raise Died

    with patch.object(owner, step, die), pytest.raises(Died):
        yield


#: A step of the protocol: what is called there, and whether the worker dies before or behind it.
STEPS = [
    (store, method, behind)
    for store, methods in {"cif": ("write", "put"), "database": ("state", "snapshot", "record", "bring", "apply")}.items()
    for method in methods
    for behind in (False, True)
]


class World:
    """Workers over one site, and everything that can happen to it."""

    def __init__(self, site: Site, proxy: Proxy, workers: int) -> None:
        self.site = site
        self.proxy = proxy
        site.initialise()
        self.made: list[Services] = []
        self.workers = [self._worker() for _ in range(workers)]
        self.workers[0].switching.start()
        self.is_down = False
        self.copies: list[dict[Path, bytes]] = []

    def _worker(self) -> Services:
        self.made.append(self.site.services("dual-write-cif-read", **FAST))
        return self.made[-1]

    def chain(self, worker: int) -> Any:
        return self.workers[worker].runtime.current().chain

    def read(self, worker: int) -> Answer:
        return self.chain(worker).read(DEP)  # type: ignore[no-any-return]

    def apply(self, worker: int, change: Any) -> Outcome:
        return self.chain(worker).apply(change)  # type: ignore[no-any-return]

    def profile(self) -> str:
        return self.workers[0].switching.active().profile

    def stop_database(self) -> None:
        self.proxy.refuse()
        self.is_down = True

    def start_database(self) -> None:
        """Start it, and have every worker find out: one that used a connection just now does not ask whether it stands."""
        self.proxy.ok()
        for worker in self.workers:
            while not _is_reached(worker.stores.database):
                continue
        self.is_down = False

    def files(self) -> list[Path]:
        return sorted((self.site.archive / DEP).glob("*.cif.V1"))

    def take_copy(self) -> None:
        """Have a legacy program read the files; it writes its copy later."""
        self.copies.append({path: path.read_bytes() for path in self.files()})

    def write_copy(self, copy: int, message_id: str) -> None:
        """Have it write its old copy in place, with a message of its own."""
        for path, data in self.copies.pop(copy).items():
            path.write_bytes(data)
            legacy.append(path, message_id=f"{message_id}-{path.name[13:18]}", message_subject="s", message_text="t")

    def lock(self, path: Path) -> None:
        lock_of(path).touch()

    def unlock(self) -> None:
        for lock in (self.site.archive / DEP).glob("*.lock"):
            lock.unlink()

    @contextmanager
    def dying(self, worker: int, step: tuple[str, str, bool]) -> Iterator[None]:
        """Let a worker die at a step; another one with its name begins anew."""
        store, method, behind = step
        owner = getattr(self.workers[worker].stores, store)
        call = getattr(owner, method)

        def die(*given: Any, **more: Any) -> None:
            if behind:
                call(*given, **more)
            raise Died

        with patch.object(owner, method, die):
            yield
        self.workers[worker] = self._worker()

    @contextmanager
    def overtaken(self, worker: int, step: tuple[str, str], by: Callable[[], object]) -> Iterator[None]:
        """Let something happen right before a step of a change, once."""
        store, method = step
        owner = getattr(self.workers[worker].stores, store)
        call = getattr(owner, method)

        def late(*given: Any) -> Any:
            patched.stop()
            by()
            return call(*given)

        patched = patch.object(owner, method, late)
        patched.start()
        try:
            yield
        finally:
            patch.stopall()

    def switch(self, to: str) -> bool:
        """Ask for a move, by the same door as an operator."""
        try:
            self.workers[0].switching.switch(to, None, "model", "model")
        except SwitchRefused:
            return False
        return True

    def is_disturbed(self) -> bool:
        """Tell whether something is down or locked, so that a 503 is in order."""
        return self.is_down or self.is_locked()

    def is_locked(self) -> bool:
        return any(lock_of(path).exists() for path in self.files())

    def kept(self) -> list[Path]:
        """Give what waits for the database, or for a file."""
        folders = [self.site.root / "state" / name for name in ("ahead", "pending")]
        return [path for folder in folders for path in folder.rglob("*") if path.is_file()]

    def reconcile(self) -> int:
        """Repair what is behind; give how many could not be."""
        found = self.workers[0]
        profile = found.runtime.current().profile
        stores: Stores = found.stores
        reconciler = Reconciler(stores.cif, stores.database, stores.sync(profile), stores.state_dir)
        return reconciler.repair(reconciler.behind(), lambda *_: None).failed

    def close(self) -> None:
        self.start_database()
        for worker in self.made:  # a server takes only so many connections
            engines = worker.stores.database._database._engines
            engines.work.dispose()
            engines.looks.dispose()
        shutil.rmtree(self.site.root)


def _is_reached(database: GuardedDatabase) -> bool:
    """Ask over both kinds of connections, that of a look and that of a transaction."""
    try:
        database.behind()
    except StoreUnavailable:
        return False
    return database.is_ready()
