"""The settings there are, what each may hold, and how its text in the environment is read."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeGuard

from settings.values import SettingsError

SCOPES = ("messages:read", "messages:write", "metrics", "admin")
SWITCH_WORDS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
DECIMAL = re.compile(r"[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Kind:
    """Tell what a setting may hold: in words, read from text (or `ValueError`), as a test, and in which type."""

    wanted: str
    from_text: Callable[[str], object]
    holds: Callable[[object], bool]
    convert: Callable[[Any], object]


def switch(text: str) -> bool:
    """Read `true 1 yes on` or `false 0 no off` in any case; raise `ValueError` for any other text."""
    if text.lower() not in SWITCH_WORDS:
        raise ValueError(text)
    return SWITCH_WORDS[text.lower()]


def _decimal(text: str) -> float:
    # float() alone would also take "nan", "1_0" and spaces around
    if not DECIMAL.fullmatch(text):
        raise ValueError(text)
    return float(text)


def whole(text: str) -> int:
    """Read a whole number written in digits only; raise `ValueError` for any other text."""
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise ValueError(text)
    return int(text)


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.split(";") if item.strip()]


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value) and value == value.strip()


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_positive(value: object) -> bool:
    return _is_number(value) and value > 0


def _is_duration(value: object) -> bool:
    return _is_number(value) and 0 < value <= _YEAR


def _is_not_negative(value: object) -> bool:
    return _is_number(value) and value >= 0


def _is_fraction(value: object) -> bool:
    return _is_number(value) and 0 <= value <= 1


def _is_count(value: object) -> bool:
    return isinstance(value, int) and _is_positive(value)


def _is_switch(value: object) -> bool:
    return isinstance(value, bool)


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


TEXT = Kind("a text that is not empty and has no space around it", str, _is_text, str)
_YEAR = 31_536_000  # more than that a driver takes for no time
SECONDS = Kind("a number of seconds above 0, at most a year", _decimal, _is_duration, float)
PERIOD = Kind("a number of seconds, 0 or more", _decimal, _is_not_negative, float)
COUNT = Kind("a whole number above 0", whole, _is_count, int)
FRACTION = Kind("a number from 0 to 1", _decimal, _is_fraction, float)
SWITCH = Kind("true or false (in the environment also 1 yes on, 0 no off)", switch, _is_switch, bool)
LIST = Kind("a list of texts (in the environment separated by ;)", _items, _is_list, tuple)

SETTINGS: Mapping[str, Kind] = {
    "site_id": TEXT,
    "cif_root": TEXT,
    "state_dir": TEXT,
    "database_url": TEXT,
    "database_connect_timeout": SECONDS,
    "database_read_timeout": SECONDS,
    "breaker_fail_max": COUNT,
    "breaker_reset_timeout": SECONDS,
    "lock_timeout": SECONDS,
    "shadow_read_fraction": FRACTION,
    "quiet_period": PERIOD,
    "circuit_breaker": SWITCH,
    "connection_pooling": SWITCH,
    "max_message_bytes": COUNT,
    "create_depositions": SWITCH,
    "log_file": TEXT,
    "remote_users": LIST,
}


def from_text(key: str, text: str, shown: str) -> object:
    """Return what the text of an environment variable stands for, or raise `SettingsError`."""
    try:
        value = SETTINGS[key].from_text(text)
    except ValueError:
        raise _refusal(key, text, shown) from None
    if not SETTINGS[key].holds(value):
        raise _refusal(key, text, shown)
    return SETTINGS[key].convert(value)


def from_file(key: str, value: object, shown: str) -> object:
    """Return the value of a file in the setting's own type, or raise `SettingsError`; `shown` says where it is."""
    if not SETTINGS[key].holds(value):
        raise _refusal(key, value, shown)
    return SETTINGS[key].convert(value)


def _refusal(key: str, value: object, shown: str) -> SettingsError:
    # a database URL holds a password
    text = "(not shown)" if key == "database_url" else repr(value)
    return SettingsError(f"{shown}={text} is refused: give {SETTINGS[key].wanted}, or leave it out for the default")


def remote_users(items: Iterable[str], shown: str) -> Mapping[str, frozenset[str]]:
    """Read `user=scope,scope` items; raise `SettingsError` for an unknown scope, or a user named twice."""
    users: dict[str, frozenset[str]] = {}
    faults = []
    for item in items:
        # the last "=": a certificate's name holds some itself, a scope holds none
        name, _, listed = item.rpartition("=")
        scopes = frozenset(scope.strip() for scope in listed.split(","))
        if not name.strip() or name.strip() in users or not scopes <= set(SCOPES):
            faults.append(f"{shown}: {item!r} is refused: give each user once, as NAME=SCOPE,SCOPE of {', '.join(SCOPES)}")
        users[name.strip()] = scopes
    if faults:
        raise SettingsError(*faults)
    return MappingProxyType(users)
