"""What an attack must leave as it was: the files, the database, the profile, and a log without anybody's text or secret."""

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from support.site import DEPOSITION, Site

MESSAGES = f"/api/v1/depositions/{DEPOSITION}/messages"
#: A text that must come up in no log.
PRIVATE = "The resolution of our unpublished structure is 0.9 A"


@dataclass(frozen=True, slots=True)
class Target:
    """A site with one message in both stores, and a caller who may do everything."""

    site: Site
    app: Flask
    client: FlaskClient

    def state(self) -> Any:
        """Give everything that a request could change."""
        tables: dict[str, Any] = {}
        with sqlite3.connect(self.site.database_url.removeprefix("sqlite:///")) as connection:
            # but for `deposition`, where a read may note that it found both stores equal
            query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name != 'deposition'"
            for (name,) in connection.execute(query).fetchall():
                tables[name] = connection.execute(f"SELECT * FROM {name}").fetchall()  # noqa: S608 - names of our tables
        connection.close()
        profile = json.loads((self.site.root / "state" / "profile.json").read_text())
        return self.site.files(), tables, profile, self.outside()

    def outside(self) -> list[str]:
        """List what lies under the site's root but for the state directory and the database's own files."""
        names = (p.relative_to(self.site.root) for p in self.site.root.rglob("*"))
        return sorted(str(n) for n in names if n.parts[0] != "state" and not str(n).startswith("messages.db"))


def target(root: Path, site: Site) -> Target:
    app = site.app("dual-write-cif-read")
    client = site.client(app)
    (root / "secret.txt").write_text("outside the tree")
    assert client.post(MESSAGES, json={"message_text": PRIVATE, "message_id": "m"}).status_code == 201
    return Target(site, app, client)
