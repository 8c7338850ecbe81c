"""Build the stores of a process once, and the chain of any profile from them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from flask import Flask

from service.storage.base import Observer, Store
from service.storage.chain import DatabaseAlone, DatabaseAnswers, FilesAlone, FilesAnswer
from service.storage.cif.paths import Site
from service.storage.cif.reentry import OwnLocks
from service.storage.cif.store import CifStore
from service.storage.database import engine, knock
from service.storage.database.identity import Identity
from service.storage.database.store import DatabaseStore
from service.storage.guard import Guard, GuardedDatabase
from service.sync.sync import Sync
from settings import Profile, Settings

_DUAL: dict[str, Callable[[CifStore, GuardedDatabase, Sync, Path, Observer], Store]] = {
    CifStore.name: FilesAnswer,
    DatabaseStore.name: DatabaseAnswers,
}


@dataclass(frozen=True, slots=True)
class Stores:
    """The two stores of this process; the breaker's state outlives a switch of the profile."""

    cif: CifStore
    database: GuardedDatabase
    state_dir: Path
    observer: Observer

    def sync(self, profile: Profile) -> Sync:
        """Give the sync that settles conflicts for the store that answers reads in a profile."""
        answers = profile.reads == self.database.name
        return Sync(self.cif, self.database, self.state_dir, database_answers=answers, observer=self.observer)

    def chain(self, profile: Profile) -> Store:
        """Give the stores that a profile writes behind the interface of one."""
        if profile.is_dual:
            return _DUAL[profile.reads](self.cif, self.database, self.sync(profile), self.state_dir, self.observer)
        if profile.uses_database:
            return DatabaseAlone(self.database, self.state_dir, self.observer)
        return FilesAlone(self.cif, self.state_dir, self.observer)

    def single(self, name: str) -> CifStore | GuardedDatabase:
        """Give one of the two by its name."""
        stores: dict[str, CifStore | GuardedDatabase] = {self.cif.name: self.cif, self.database.name: self.database}
        return stores[name]


def build_stores(app: Flask, settings: Settings, observer: Observer) -> Stores:
    """Build both stores, the database's engine in the application; none of them is opened before its first use."""
    create = settings.create_depositions
    hears = partial(knock.hears, engine.url_of(settings))
    limits = (settings.breaker_fail_max, settings.breaker_reset_timeout)
    guard = Guard(*limits, observer, hears) if settings.circuit_breaker else None
    locks = OwnLocks(settings.state_dir, settings.lock_timeout, observer)
    engines = engine.init_app(app, settings, Identity(settings.state_dir))
    return Stores(
        CifStore(Site(settings.cif_root), locks, create=create, observer=observer),
        GuardedDatabase(DatabaseStore(engines, create=create), guard, observer),
        settings.state_dir,
        observer,
    )
