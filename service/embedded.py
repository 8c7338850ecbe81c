"""The services of a program that is no worker of ours: it imports the Python interfaces, over the active profile."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import Flask

from service.changes import Change
from service.errors import SwitchRefused
from service.services import Services, assemble
from service.storage.base import Answer, Outcome, Store
from settings import Profile, Settings, load
from settings.process import stated_variables


@dataclass(frozen=True, slots=True)
class Following:
    """The chain of whatever profile is active, a store like any other: each call is made under one profile to its end."""

    services: Services

    def read(self, deposition_data_set_id: str) -> Answer:
        with self._leased() as chain:
            return chain.read(deposition_data_set_id)

    def apply(self, change: Change) -> Outcome:
        with self._leased() as chain:
            return chain.apply(change)

    def is_ready(self) -> bool:
        with self._leased() as chain:
            return chain.is_ready()

    @contextmanager
    def _leased(self) -> Iterator[Store]:
        if self.services.switching.file.stamp() is None:
            yield self.services.stores.chain(self.services.settings.profile)
            return
        snapshot = self.services.runtime.lease()
        try:
            yield snapshot.chain
        finally:
            self.services.runtime.release(snapshot)


@dataclass(frozen=True, slots=True)
class Program:
    """The services of this process."""

    services: Services

    @property
    def settings(self) -> Settings:
        return self.services.settings

    def profile(self) -> Profile:
        """Give the active profile; the one it would start with, where the service was never started."""
        return self.services.profile

    def chain(self) -> Store:
        """Give the store to work with; a switch is followed at the next call."""
        return Following(self.services)


_Key = tuple[int, frozenset[tuple[str, str]]]
_known: dict[_Key, Program] = {}
_assembling = threading.Lock()


def program() -> Program:
    """Give the services of this process, assembled at the first call and anew when the environment states something else.

    A stated profile is taken where the site has none yet, with the checks of a first start. A program decides nothing that
    nobody stated and moves nothing: another profile than the active one is refused. Raises SettingsError and SwitchRefused.
    """
    key = (os.getpid(), stated_variables())  # a forked process must not use its parent's connections
    with _assembling:
        if key not in _known:
            _known.clear()
            _known[key] = Program(assemble(Flask("messaging"), load()))
            _known[key].services.runtime.follow()
        found = _known[key]
    _agree(found)
    return found


def _agree(found: Program) -> None:
    stated, switching = found.settings.profile, found.services.switching
    if not found.settings.stated_profile:
        return
    active = switching.file.read() or switching.start()
    if stated.name not in (active.profile, active.environment):
        raise SwitchRefused(
            f"the environment states {stated.name}, but {active.profile} is active since {active.when} ({active.why}): "
            f"unset it to follow, or move the site with `msgmodule profile switch {stated.name} --reason TEXT`"
        )
