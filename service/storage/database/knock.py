"""Hear, at next to no cost, whether a server that was away is back: MariaDB greets whoever connects."""

import socket

from sqlalchemy.engine import URL

#: Seconds in which a server that works greets; one that hangs is not waited for.
_PATIENCE = 0.05


def hears(url: URL) -> bool | None:
    """Tell whether the server greets; `False` where nobody listens, `None` where somebody does and says nothing."""
    if not url.host:
        return None  # SQLite has no server
    try:
        with socket.create_connection((url.host, url.port or 3306), timeout=_PATIENCE) as way:
            return bool(way.recv(1))
    except TimeoutError:
        return None
    except OSError:
        return False
