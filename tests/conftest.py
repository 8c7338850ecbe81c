"""Fixtures: sites with real files, on SQLite and MariaDB; the environment of the developer never reaches a test."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from support import mariadb
from support.gates import make_ready
from support.site import LEGACY, Site, make_site

settings.register_profile("patient", deadline=None)  # how long an example takes says how busy the machine is
settings.load_profile("patient")

for _name in [name for name in os.environ if name.startswith(("MSGMODULE_", "MSGDB_", "MSGCIF_", "PROMETHEUS_"))]:
    del os.environ[_name]


#: What needs no database; the rest of the tests is integration.
UNIT = (
    "settings/",
    "test_changes.py",
    "test_messages.py",
    "test_vocabulary.py",
    "test_text_rules.py",
    "test_listing.py",
    "test_summary.py",
    "sync/test_merge",
    "storage/test_durable.py",
    "storage/test_pending.py",
    "storage/cif/test_cif_text.py",
    "storage/cif/test_cif_document.py",
    "storage/cif/test_cif_splice.py",
    "storage/cif/test_cif_paths.py",
)
_DATABASES = {"database_url", "sqlite_url", "site", "legacy_site", "private_mariadb", "store"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test as unit or integration, and as one of the database where it has one."""
    for item in items:
        name = str(item.path.relative_to(Path(__file__).parent))
        item.add_marker("unit" if name.startswith(UNIT) else "integration")
        if item.get_closest_marker("mariadb") or _DATABASES & set(getattr(item, "fixturenames", ())):
            item.add_marker("database")


@pytest.fixture(autouse=True)
def _no_database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A unit test that contacts a database fails."""
    if request.node.get_closest_marker("unit"):
        for connect in ("sqlite3.dbapi2.connect", "sqlite3.connect", "pymysql.connect", "socket.create_connection"):
            monkeypatch.setattr(connect, _refuse)


def _refuse(*_arguments: object, **_more: object) -> None:
    raise AssertionError("a unit test contacts a database")


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of each kind, empty."""
    if request.param == "sqlite":
        (tmp_path / "messages.db").touch()
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
def ready(site: Site) -> Site:
    """That site with what every move needs before it is safe."""
    make_ready(site)
    return site


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
