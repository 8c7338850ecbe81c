"""The schema: created, upgraded and checked. The versions are those of the folder `migrations`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect

from service.storage.database import creation, depositions
from service.storage.database.defects import defects
from service.storage.database.engine import options_of, prepare, url_of
from service.storage.database.failures import translated
from service.storage.database.identity import Identity, ensure_identity, identity_of
from settings import Settings

_FOLDER = Path(__file__).parent / "migrations"


@dataclass(frozen=True, slots=True)
class SchemaStatus:
    """Which version a database has, which it should have, what is wrong in its tables, and which database it is."""

    version: str | None
    head: str
    defects: tuple[str, ...]
    identity: str | None

    @property
    def is_current(self) -> bool:
        return self.version == self.head and not self.defects and self.identity is not None

    @property
    def fault(self) -> str:
        """Say why it is not current, and the remedy; empty where it is."""
        if self.is_current:
            return ""
        if self.version == self.head and self.defects:
            return f"{'; '.join(self.defects)}: put back what is named, or restore a backup into an empty database"
        return f"schema version {self.version}, newest {self.head}, identity {self.identity}: run `msgmodule db init`"


def initialise(settings: Settings, *, adopt: bool, create: bool = True) -> SchemaStatus:
    """Create the database where there is none and one may be made, bring its schema up, give it an identity, remember that.

    A second run changes nothing. Raises DatabaseNotReady for another database than the remembered one unless it is adopted:
    then none is made either.
    """
    identity = Identity(settings.state_dir)
    with translated():
        creation.ensure(settings, may_create=create and (adopt or identity.known() is None))
    with opened(settings, patient=True) as engine:
        if not adopt:
            _require_known(engine, identity)
        upgrade(engine)
        with engine.execution_options(writes=True).begin() as connection:
            identity.adopt(ensure_identity(connection))
        return _status(engine)


def status(settings: Settings) -> SchemaStatus:
    """Read what a database has; raise DatabaseUnavailable or DatabaseNotReady."""
    with opened(settings) as engine:
        return _status(engine)


def behind(settings: Settings) -> tuple[str, ...]:
    """List the depositions whose files lack something, in a database that the site need not know yet.

    Raises DatabaseUnavailable, DatabaseNotReady and DatabaseRefused.
    """
    with opened(settings) as engine, engine.connect() as connection:
        return depositions.behind(connection)


def upgrade(engine: Engine) -> None:
    """Bring the schema to the newest version; one that is there already changes nothing."""
    with engine.execution_options(writes=True).begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def head() -> str:
    """Give the newest version."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def _require_known(engine: Engine, identity: Identity) -> None:
    """Raise DatabaseNotReady for another database than the site's own, an empty one in its place included."""
    with engine.begin() as connection:
        has_identity = inspect(connection).has_table("database_identity")
        found = identity_of(connection) if has_identity else None
    if found is not None or identity.known() is not None:
        identity.check(found)


def _status(engine: Engine) -> SchemaStatus:
    with engine.begin() as connection:
        version = MigrationContext.configure(connection).get_current_revision()
        inspector = inspect(connection)
        columns = inspector.get_columns("database_identity") if inspector.has_table("database_identity") else []
        identity = identity_of(connection) if any(column["name"] == "identity" for column in columns) else None
        return SchemaStatus(version, head(), defects(connection), identity)


@contextmanager
def opened(settings: Settings, *, patient: bool = False) -> Iterator[Engine]:
    """Give an engine of its own; a `patient` one waits as long as a change of a large table takes."""
    engine = create_engine(url_of(settings), **options_of(settings, patient=patient))
    prepare(engine)
    try:
        with translated():
            yield engine
    finally:
        engine.dispose()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config
