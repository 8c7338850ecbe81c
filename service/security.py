"""Who is calling and what they may do: bearer tokens for programs, Apache's REMOTE_USER for people, else nothing."""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from flask import Flask, g, request

from service.clock import iso, utc_now
from service.errors import Conflict, FileUnavailable, Forbidden, InvalidInput, NotFound, Unauthenticated
from service.storage.durable import exclusive, faults, write_new
from service.text import one_line
from settings import SCOPES, Settings

F = TypeVar("F", bound=Callable[..., object])
#: View functions that anybody may call; a test counts them.
OPEN_ENDPOINTS = frozenset({"probes.healthz", "probes.readyz"})
_SCOPE = "required_scope"
#: Characters of a token's name.
_LONGEST = 64
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Token:
    """A caller's token as it is kept: its name, the hash of its secret, what it may do, its first and last moment."""

    name: str
    hash: str
    scopes: tuple[str, ...]
    created: str
    expires: str | None = None

    @property
    def is_expired(self) -> bool:
        return self.expires is not None and self.expires <= utc_now()


class Tokens:
    """The tokens of a site, hashed, in `state_dir`: they work under every profile and in an outage."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / "tokens.json"
        self._lock = state_dir / "tokens.lock"
        self._seen: tuple[int, int, tuple[Token, ...]] | None = None

    def create(self, name: str, scopes: tuple[str, ...], days: int | None = None) -> str:
        """Make a token that lasts `days`, or until it is revoked; its secret is shown nowhere else.

        Raises InvalidInput, and Conflict for a name that is taken.
        """
        one_line("name", name, _LONGEST)
        unknown = [scope for scope in scopes if scope not in SCOPES]
        if unknown or not scopes:
            raise InvalidInput.of("scope", f"{', '.join(unknown) or 'none'} given; use {', '.join(SCOPES)}")
        secret = secrets.token_urlsafe(32)
        expires = iso(datetime.now(UTC) + timedelta(days=days)) if days else None
        with exclusive(self._lock):
            if any(token.name == name for token in self.all()):
                raise Conflict(f"a token named {name} exists; revoke it first or choose another name")
            self._write((*self.all(), Token(name, _hash(secret), scopes, utc_now(), expires)))
        return secret

    def revoke(self, name: str) -> None:
        """Remove a token; raise NotFound."""
        with exclusive(self._lock):
            left = tuple(token for token in self.all() if token.name != name)
            if len(left) == len(self.all()):
                raise NotFound(f"there is no token named {name}")
            self._write(left)

    def all(self) -> tuple[Token, ...]:
        """Give all tokens; read again only when the file has changed."""
        try:
            stat = os.stat(self._path)  # noqa: PTH116 - asked for every answer
            if self._seen is None or self._seen[:2] != (stat.st_mtime_ns, stat.st_ino):
                kept = json.loads(self._path.read_bytes())
                tokens = tuple(Token(**entry | {"scopes": tuple(entry["scopes"])}) for entry in kept)
                self._seen = (stat.st_mtime_ns, stat.st_ino, tokens)
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise FileUnavailable(
                f"{self._path} cannot be read: {error}; mend its permissions, or remove it and make the tokens anew"
            ) from error
        return self._seen[2]

    def find(self, secret: str) -> Token | None:
        """Give the token of a secret; `None` for one that is not known or expired. Every wrong one takes the same time."""
        hashed = _hash(secret)
        known = [token for token in self.all() if hmac.compare_digest(token.hash, hashed)]
        return known[0] if known and not known[0].is_expired else None

    def _write(self, tokens: tuple[Token, ...]) -> None:
        with faults(self._path):
            write_new(self._path, json.dumps([asdict(token) for token in tokens], indent=1).encode(), mode=0o600)


def requires(scope: str) -> Callable[[F], F]:
    """Say which scope a view needs; a view that says none is open to nobody."""

    def mark(view: F) -> F:
        setattr(view, _SCOPE, scope)
        return view

    return mark


def init_app(app: Flask, settings: Settings, tokens: Tokens) -> None:
    """Have every request checked before its view; also those that no route serves, so that nothing is learnt from them."""

    def check() -> None:
        if request.endpoint in OPEN_ENDPOINTS:
            return
        scopes = g.scopes = _authenticate(settings, tokens)
        _refuse_foreign_origin()
        view = app.view_functions.get(request.endpoint or "")
        needed = getattr(view, _SCOPE, None)
        if view is not None and needed not in scopes:
            raise Forbidden(
                f"{g.caller} lacks the scope {needed}; it has {', '.join(sorted(scopes)) or 'none'}", scope=needed
            )

    app.before_request(check)


def _authenticate(settings: Settings, tokens: Tokens) -> frozenset[str]:
    """Find out who is calling and give the scopes; `g.caller` is the name for the audit trail."""
    user = request.environ.get("REMOTE_USER")
    if user:
        g.caller = f"user {user}"
        return settings.remote_users.get(str(user), frozenset())
    secret = _secret()
    if secret:
        token = tokens.find(secret)
        if token is not None:
            g.caller = f"token {token.name}"
            return frozenset(token.scopes)
    raise Unauthenticated("send `Authorization: Bearer <token>`; `msgmodule token create` makes one")


def _secret() -> str | None:
    """Give the token that was sent; a browser sends it as the password of any user name."""
    try:
        given = request.authorization
    except ValueError:  # Basic with what is no base64 at all, on which the library raises
        return None
    if given is None:
        return None
    return {"bearer": given.token, "basic": given.password}.get(given.type)


def _refuse_foreign_origin() -> None:
    """Refuse a change that a page of another site asks the caller's browser for."""
    origin = request.headers.get("Origin")
    if request.method not in _SAFE and origin is not None and not _is_ours(origin):
        raise Forbidden("this change was asked for by a page of another site", origin=origin)


def _is_ours(origin: str) -> bool:
    try:
        return urlsplit(origin).netloc == request.host
    except ValueError:  # no address at all
        return False


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
