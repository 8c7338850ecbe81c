"""The settings files: their shape is checked as written, then dynaconf layers them, one environment per profile.

dynaconf alone would take a misspelled table or key in silence, and let variables and files that nobody named change
what it reads; so both are shut out here.
"""

import glob
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from dynaconf import LazySettings  # type: ignore[import-untyped]
from dynaconf.base import Settings as DynaconfSettings  # type: ignore[import-untyped]

from settings.parse import SETTINGS
from settings.profiles import PROFILE_KEYS, PROFILE_NAMES
from settings.values import SettingsError

KEYS: Mapping[str, Mapping[str, object]] = {"default": SETTINGS, **dict.fromkeys(PROFILE_NAMES, PROFILE_KEYS)}

# dynaconf lets variables of the process environment override its options, those given to the constructor too
Closed = type("Closed", (DynaconfSettings,), {"environ": {}})

# whatever is not stated here dynaconf takes from the process environment before it makes its object
OPTIONS = {
    "_wrapper_class": Closed,
    "load_dotenv": False,
    "ENVIRONMENTS_FOR_DYNACONF": True,
    "ENVVAR_FOR_DYNACONF": "",
    "LOADERS_FOR_DYNACONF": [],
    "CORE_LOADERS_FOR_DYNACONF": ["TOML"],
    "INCLUDES_FOR_DYNACONF": [],
    "PRELOAD_FOR_DYNACONF": [],
    "SECRETS_FOR_DYNACONF": None,
    "MERGE_ENABLED_FOR_DYNACONF": False,
    "REDIS_ENABLED_FOR_DYNACONF": False,
    "VAULT_ENABLED_FOR_DYNACONF": False,
}


@dataclass(frozen=True, slots=True)
class Layers:
    """Hold the files' values as written: `settings` by key, `profiles` by name, `places` the file of each setting."""

    settings: Mapping[str, Any]
    profiles: Mapping[str, Mapping[str, Any]]
    places: Mapping[str, Path]


def read_layers(base: Path, extra: Path | None) -> Layers:
    """Return what the project's file and the site's own file hold.

    Raises `SettingsError` naming file, table, key and remedy for a file that is missing or broken, and for a table
    or key that is missing, unknown or misplaced.
    """
    tables = _tables(base)
    faults = [*_missing(base, tables), *_unknown(base, tables, KEYS)]
    own = {} if extra is None else _tables(extra)
    if extra is not None:
        faults += _unknown(extra, own, {"default": SETTINGS})
    if faults:
        raise SettingsError(*faults)
    paths = [base] if extra is None else [base, extra]
    return Layers(
        settings=_layered(paths, "default", SETTINGS),
        profiles={name: _layered(paths, name, PROFILE_KEYS) for name in PROFILE_NAMES},
        places=dict.fromkeys(SETTINGS, base) | dict.fromkeys(own.get("default", {}), extra or base),
    )


def _layered(paths: list[Path], environment: str, keys: Mapping[str, object]) -> dict[str, Any]:
    files = [glob.escape(str(path)) for path in paths]
    layered = LazySettings(settings_files=files, FORCE_ENV_FOR_DYNACONF=environment, **OPTIONS)
    return {key: layered.get(key) for key in keys}


def _tables(path: Path) -> dict[str, Any]:
    if path.suffix != ".toml":
        raise SettingsError(f"{path} is refused: a settings file is TOML, give it a name that ends in .toml")
    for name in (f"{path.stem}.local.toml", "dynaconf_hooks.py"):
        if path.with_name(name).exists():
            raise SettingsError(f"{path.with_name(name)} is refused: dynaconf would obey it; remove it")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"settings file {path} cannot be read ({error}): correct the file or its path") from error


def _missing(path: Path, tables: Mapping[str, Any]) -> list[str]:
    return [
        f"{path} [{table}] {key} is missing: state it"
        for table, keys in KEYS.items()
        for key in keys
        if key not in _table(tables, table)
    ]


def _unknown(path: Path, tables: Mapping[str, Any], known: Mapping[str, Mapping[str, object]]) -> list[str]:
    strangers = [
        f"{path} [{name}] is refused: this file may hold the tables {', '.join(known)} and no key outside them"
        for name in tables
        if name not in known or not isinstance(tables[name], dict)
    ]
    return strangers + [
        f"{path} [{table}] {_misplaced(table, key, value)}"
        for table in known
        for key, value in _table(tables, table).items()
        if key not in known[table]
    ]


def _table(tables: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = tables.get(name)
    return table if isinstance(table, dict) else {}


def _misplaced(table: str, key: str, value: object) -> str:
    if key in PROFILE_KEYS:
        return f"{key}={value!r} is refused: it belongs to a profile; choose a profile with MSGMODULE_ENV instead"
    if key in SETTINGS:
        return f"{key}={value!r} is refused: it is a setting; state it under [default]"
    # the value is not shown: under a misspelled key it may be a password
    return f"{key} is refused: there is no such key, perhaps {get_close_matches(key.lower(), KEYS[table], 1, 0)[0]} is meant"
