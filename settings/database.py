"""The database URL: SQLite or MySQL/MariaDB, from the setting or the seed's `MSGDB_*` variables.

No message here shows a URL or a password.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address
from pathlib import Path
from urllib.parse import SplitResult, quote, unquote, urlsplit

from settings.parse import switch, whole
from settings.values import SettingsError

NEEDED = ("MSGDB_HOST", "MSGDB_NAME", "MSGDB_USER", "MSGDB_PASS")
MSGDB = (*NEEDED, "MSGDB_PORT")
DEFAULT_PORT = 3306
SQLITE = "sqlite:///"
DRIVERS = {
    "mysql": "mysql+pymysql",
    "mysql+pymysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
    "mariadb+pymysql": "mariadb+pymysql",
}
# what SQLAlchemy itself leaves as it is in a URL
PLAIN = " +/"


@dataclass(frozen=True, slots=True)
class Server:
    """Say where a MySQL or MariaDB database is and who asks; `password` is None when none was stated."""

    user: str | None
    password: str | None
    host: str
    port: int
    name: str

    def url(self, driver: str, query: str) -> str:
        """Return the URL, user, password and name quoted so that any character survives."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        password = "" if self.password is None else f":{quote(self.password, safe='')}"
        user = "" if self.user is None else f"{quote(self.user, safe='')}{password}@"
        address = f"{driver}://{user}{host}:{self.port}/{quote(self.name, safe='')}"
        return f"{address}?{query}" if query else address


def database_url(url: str, folder: Path, shown: str) -> str:
    """Return the URL with its driver, the path of an SQLite file made absolute from `folder`.

    Raises `SettingsError` naming `shown` for another kind of database, or when no database is named.
    """
    if url.startswith("sqlite"):
        return _sqlite_url(url, folder, shown)
    return _server_of_url(url, shown).url(DRIVERS[urlsplit(url).scheme], urlsplit(url).query)


def server_of_variables(environ: Mapping[str, str], url_stated: bool) -> Server | None:
    """Return the server that `MSGDB_*` names, None when it names none (seed requirements, section 2, steps 5-6).

    Raises `SettingsError` naming each missing variable, a port that is none and a host that is none.
    """
    told = switch(environ.get("MSGDB_ENABLED") or "false") and not url_stated
    is_named = told or any(environ.get(name) for name in NEEDED)
    port = _port(environ.get("MSGDB_PORT") or str(DEFAULT_PORT))
    if port is not None and not is_named:
        return None
    host, needed = environ.get("MSGDB_HOST", ""), NEEDED if is_named else ()
    faults = [f"{name} is missing: state all of {', '.join(NEEDED)}" for name in needed if not environ.get(name)]
    if port is None:
        faults.append(f"MSGDB_PORT={environ['MSGDB_PORT']!r} is refused: give a port, 1 to 65535")
    if host and not _is_host(host):
        faults.append(f"MSGDB_HOST={host!r} is refused: give the name or address of a server, and no port")
    if faults or port is None:
        raise SettingsError(*faults)
    return Server(environ["MSGDB_USER"], environ["MSGDB_PASS"], host.lower(), port, environ["MSGDB_NAME"])


def chosen_url(url: str, server: Server | None, url_stated: bool, shown: str) -> str:
    """Return the URL of the database in use; raise `SettingsError` when two different ones are stated."""
    if server is None:
        return url
    if not url_stated:
        return server.url(DRIVERS["mysql"], "")
    if is_sqlite(url) or _server_of_url(url, shown) != server:
        raise SettingsError(f"{shown} and MSGDB_* name different databases: unset one of the two")
    return url


def is_sqlite(url: str) -> bool:
    """Say whether the URL is that of an SQLite file."""
    return url.startswith(SQLITE)


def _sqlite_url(url: str, folder: Path, shown: str) -> str:
    path = unquote(url.removeprefix(SQLITE))
    if not is_sqlite(url) or "?" in url or not path or path.startswith((":", "file:")):
        raise SettingsError(f"{shown} names no SQLite file: give sqlite:///PATH with nothing behind the path")
    return SQLITE + quote(str(folder / path), safe=PLAIN)


def _server_of_url(url: str, shown: str) -> Server:
    parts = _split(url)
    if parts is None or parts.scheme not in DRIVERS:
        raise SettingsError(f"{shown} is refused: give sqlite:///PATH or mysql:// or mariadb://USER:PASSWORD@HOST/NAME")
    port = _port(parts.netloc.rpartition("@")[2].rpartition("]")[2].partition(":")[2] or str(DEFAULT_PORT))
    host, name = parts.hostname or "", unquote(parts.path.removeprefix("/"))
    if port is None or not _is_host(host) or not name or set(name) & set("/@") or parts.fragment:
        raise SettingsError(
            f"{shown} is refused: it must name HOST, perhaps :PORT, and /NAME, "
            "and the characters @ : / ? # % in USER and PASSWORD must be written %XX"
        )
    return Server(_unquoted(parts.username), _unquoted(parts.password), host, port, name)


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:  # brackets that hold no address
        return None


def _unquoted(text: str | None) -> str | None:
    return None if text is None else unquote(text)


def _port(text: str) -> int | None:
    try:
        port = whole(text)
    except ValueError:
        return None
    return port if 0 < port < 65536 else None


def _is_host(text: str) -> bool:
    if ":" not in text:
        return re.fullmatch(r"[A-Za-z0-9._-]+", text) is not None
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True
