"""A signed mark in each form of ours, which a page of another site cannot know: it names the caller and when it ends."""

import hashlib
import hmac
import secrets
import time
from pathlib import Path

from service.errors import Forbidden
from service.storage.durable import exclusive, faults, write_new

#: Seconds that a form may lie open before it is sent.
_LASTS = 3600


class Forms:
    """Make and check the marks. Their key is kept in `state_dir`, so that a form of one server is taken by another."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / "forms.key"
        self._lock = state_dir / "forms.lock"

    def mark(self, caller: str) -> str:
        """Give a mark for a caller's form."""
        ends = str(int(time.time()) + _LASTS)
        return f"{ends}.{self._signed(caller, ends)}"

    def check(self, caller: str, mark: str) -> None:
        """Raise Forbidden for a mark that is not of this caller, was not made here, or has ended."""
        ends, _, signed = mark.partition(".")
        right = hmac.compare_digest(self._signed(caller, ends).encode(), signed.encode("utf-8", "replace"))
        if not right or not ends.isdecimal() or int(ends) < time.time():
            raise Forbidden("this form was not made here for you, or lay open for too long; open the page again and repeat")

    def _signed(self, caller: str, ends: str) -> str:
        return hmac.new(self._key(), f"{ends} {caller}".encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()

    def _key(self) -> bytes:
        with exclusive(self._lock), faults(self._path):
            if not self._path.exists():
                write_new(self._path, secrets.token_bytes(32), mode=0o600)
            return self._path.read_bytes()
