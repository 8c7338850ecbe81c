"""Fixtures: sites with real files, on SQLite and MariaDB; the environment of the developer never reaches a test."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from support import mariadb
from support.site import LEGACY, Site, make_site

settings.register_profile("patient", deadline=None)  # how long an example takes says how busy the machine is
settings.load_profile("patient")

for _name in [name for name in os.environ if name.startswith(("MSGMODULE_", "MSGDB_", "MSGCIF_", "PROMETHEUS_"))]:
    del os.environ[_name]


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of each kind, empty."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/messages.db"
    else:
        with mariadb.fresh_database() as url:
            yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A database for tests that do not depend on the kind."""
    return f"sqlite:///{tmp_path}/messages.db"


@pytest.fixture
def site(tmp_path: Path, sqlite_url: str) -> Site:
    """An empty site with an initialised SQLite database."""
    made = make_site(tmp_path, sqlite_url)
    made.initialise()
    return made


@pytest.fixture
def legacy_site(tmp_path: Path, sqlite_url: str) -> Site:
    """A site with the real legacy files, not yet imported."""
    if not LEGACY.is_dir():
        pytest.skip(f"the legacy files are not at {LEGACY}")
    made = make_site(tmp_path, sqlite_url, legacy=True)
    made.initialise()
    return made


@pytest.fixture(scope="session")
def private_mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[mariadb.PrivateServer]:
    """A running server of our own; a test that stops it starts it again."""
    server = mariadb.PrivateServer(tmp_path_factory.mktemp("mariadb"))
    server.start()
    yield server
    server.stop()
