"""From the profile tables to `Profile` values: every table is checked, not only the chosen one."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from settings.values import Profile, SettingsError

PROFILE_NAMES = ("cif-only", "dual-write-cif-read", "dual-write-db-read", "db-only")
STORES = ("cif", "database")


def _is_phase(value: object) -> bool:
    return type(value) is int and value in range(len(PROFILE_NAMES))


def _is_store(value: object) -> bool:
    return value in STORES


def _is_store_or_none(value: object) -> bool:
    return value == "" or _is_store(value)


def _are_stores(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_store, value)) and len(set(value)) == len(value)


PROFILE_KEYS: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "phase": (_is_phase, "a whole number, 0 to 3"),
    "writes": (_are_stores, 'a list of stores, each once, of "cif" and "database"'),
    "reads": (_is_store, 'a store, "cif" or "database"'),
    "fallback": (_is_store_or_none, 'a store, "cif" or "database", or "" for none'),
    "observes": (_is_store_or_none, 'a store, "cif" or "database", or "" for none'),
}


def build_profiles(path: Path, tables: Mapping[str, Mapping[str, Any]]) -> tuple[Profile, ...]:
    """Return the profiles in phase order; raise `SettingsError` naming table, key, value and remedy."""
    faults = [f"{path} [{name}] {fault}" for name, table in tables.items() for fault in _faults(table)]
    phases = [table["phase"] for table in tables.values()]
    faults += [
        f"{path} [{name}] phase={table['phase']!r} is refused, since another profile has it: give each its own, 0 to 3"
        for name, table in tables.items()
        if phases.count(table["phase"]) > 1
    ]
    if faults:
        raise SettingsError(*faults)
    return tuple(sorted((_profile(name, table) for name, table in tables.items()), key=lambda profile: profile.phase))


def _faults(table: Mapping[str, Any]) -> list[str]:
    wrong = [
        f"{key}={table[key]!r} is refused: give {wanted}"
        for key, (holds, wanted) in PROFILE_KEYS.items()
        if not holds(table[key])
    ]
    # which store may stand where is a question only once all of them are stores
    return wrong or [
        f"{key}={table[key]!r} is refused: give a store that `writes` names, {' or '.join(table['writes'])}"
        for key in ("reads", "fallback", "observes")
        if table[key] and table[key] not in table["writes"]
    ]


def _profile(name: str, table: Mapping[str, Any]) -> Profile:
    return Profile(
        name=name,
        phase=table["phase"],
        writes=tuple(table["writes"]),
        reads=table["reads"],
        fallback=table["fallback"] or None,
        observes=table["observes"] or None,
    )
