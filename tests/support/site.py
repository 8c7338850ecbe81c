"""Sites for tests: a tree of files, a state directory and a database, served by applications of any profile."""

import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from admin.app import init_app
from service.app import create_app
from service.security import Tokens
from service.services import Services, assemble
from service.storage.database import schema
from settings import SCOPES, Settings, load
from settings.environment import FILE_VARIABLE
from settings.files import Layers, read_layers
from settings.loader import SETTINGS_FILE, decided

LEGACY = Path(__file__).parents[3] / "shared" / "data" / "legacy"
PROFILES = ("cif-only", "dual-write-cif-read", "dual-write-db-read", "db-only")
DUAL = PROFILES[1:3]
DEPOSITION = "D_0000265933"


@cache
def _layers() -> Layers:
    """Read the project's file once for thousands of sites: no test changes it, and dynaconf takes its time."""
    return read_layers(SETTINGS_FILE, None)


@dataclass(frozen=True, slots=True)
class Site:
    """One site of a test. Everything it keeps lies under `root`, or in the database."""

    root: Path
    database_url: str

    @property
    def archive(self) -> Path:
        return self.root / "data" / "archive"

    def file(self, deposition_data_set_id: str, content_type: str = "messages-to-depositor") -> Path:
        return self.archive / deposition_data_set_id / f"{deposition_data_set_id}_{content_type}_P1.cif.V1"

    def files(self) -> dict[str, bytes]:
        """Give every file of the tree, for comparing before and after."""
        return {str(p.relative_to(self.root)): p.read_bytes() for p in (self.root / "data").rglob("*") if p.is_file()}

    def environ(self, profile: str, **more: str) -> dict[str, str]:
        """Give the environment of a process of this site."""
        return {
            "MSGMODULE_ENV": profile,
            "MSGMODULE_CIF_ROOT": str(self.root / "data"),
            "MSGMODULE_STATE_DIR": str(self.root / "state"),
            "MSGMODULE_DATABASE_URL": self.database_url,
            "MSGMODULE_LOCK_TIMEOUT": "1",
            "MSGMODULE_LOG_FILE": str(self.root / "messaging.log"),
            **more,
        }

    def settings(self, profile: str, **more: str) -> Settings:
        environ = self.environ(profile, **more)
        return load(environ) if FILE_VARIABLE in environ else decided(SETTINGS_FILE, _layers(), environ, "")

    def services(self, profile: str, **more: str) -> Services:
        """Assemble the services without starting: no profile is decided."""
        return assemble(Flask("test"), self.settings(profile, **more))

    def initialise(self) -> None:
        """Create the schema."""
        schema.initialise(self.settings("cif-only"), adopt=False)

    def import_all(self) -> None:
        """Bring every deposition of the tree into the database."""
        found = self.services("dual-write-cif-read")
        for deposition_data_set_id in found.stores.cif.site.depositions():
            found.stores.sync(found.settings.profile).run(deposition_data_set_id, "import")

    def app(self, profile: str, **more: str) -> Flask:
        """Start an application as a worker does, admin included."""
        app = create_app(self.settings(profile, **more))
        init_app(app)
        return app

    def client(self, app: Flask, *scopes: str) -> FlaskClient:
        """Give a client with a token of these scopes, or of all."""
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {self.token(*scopes)}"
        return client

    def token(self, *scopes: str) -> str:
        tokens = Tokens(self.root / "state")
        return tokens.create(f"test-{len(tokens.all())}", scopes or SCOPES)


def make_site(root: Path, database_url: str, *, legacy: bool = False) -> Site:
    """Make the tree of a site, empty or with the real legacy files."""
    for folder in ("archive", "deposit", "autogroup"):
        (root / "data" / folder).mkdir(parents=True)
    if legacy:
        shutil.copytree(LEGACY / "archive", root / "data" / "archive", dirs_exist_ok=True)
        for path in (root / "data" / "archive").rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
    return Site(root, database_url)
