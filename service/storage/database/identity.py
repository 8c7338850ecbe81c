"""Which database this is. Another one under its name is refused until it is adopted on purpose (DESIGN.md section 5)."""

import json
import uuid
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, insert, select

from service.errors import DatabaseNotReady, FileUnavailable
from service.storage.database.tables import database_identity
from service.storage.durable import exclusive, faults, write_new


class Identity:
    """Compare a database's own identity with the one that `state_dir` remembers."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / "database.json"
        self._lock = state_dir / "database.lock"

    def check(self, found: str | None) -> None:
        """Remember the first database seen, and raise DatabaseNotReady for another one."""
        known = self.known()
        if found is None and known is None:
            raise DatabaseNotReady("the database has no identity yet; run `msgmodule db init`")
        if known is None and found is not None:
            self.adopt(found)
        elif known != found:
            raise DatabaseNotReady(
                f"this is database {found}, but {self._path} knows {known}; check database_url, "
                "or adopt it on purpose with `msgmodule db init --adopt`"
            )

    def adopt(self, identity: str) -> None:
        """Remember a database as the site's own."""
        with exclusive(self._lock), faults(self._path):
            write_new(self._path, json.dumps({"identity": identity}).encode())

    def known(self) -> str | None:
        """Give the identity that is remembered. Raises FileUnavailable."""
        try:
            with faults(self._path), suppress(FileNotFoundError):
                return str(json.loads(self._path.read_bytes())["identity"])
            return None
        except (ValueError, TypeError, KeyError) as error:
            raise FileUnavailable(
                f"{self._path} does not say which database is the site's: check database_url, remove it, and run "
                "`msgmodule db init --adopt`",
                path=str(self._path),
            ) from error


def identity_of(connection: Connection) -> str | None:
    """Read a database's own identity."""
    return connection.scalar(select(database_identity.c.identity))


def ensure_identity(connection: Connection) -> str:
    """Give a database its identity when it has none."""
    found = identity_of(connection)
    if found is None:
        found = str(uuid.uuid4())
        connection.execute(insert(database_identity).values(identity=found))
    return found
