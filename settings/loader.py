"""From files and environment to one `Settings`, in the order of the seed requirements, section 2."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from settings.choice import refuse_disabled_database, stated_profile
from settings.database import chosen_url, database_url, is_sqlite, server_of_variables
from settings.environment import FILE_VARIABLE, PREFIX, unknown_variables
from settings.files import Layers, read_layers
from settings.flags import switch_faults
from settings.parse import SETTINGS, from_file, from_text, remote_users
from settings.profiles import build_profiles
from settings.values import Settings, SettingsError

# beside the package, so that it is found from any working directory
SETTINGS_FILE = Path(__file__).resolve().parent.parent / "settings.toml"
ENVIRONMENT = "environment"
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Stated:
    """Hold a setting's checked value, its origin, and the words that name the place where it was stated."""

    value: Any
    origin: str
    shown: str


def load(environ: Mapping[str, str] | None = None, process_group: str = "") -> Settings:
    """Read the settings from `settings.toml`, the site's own file and the environment (None: that of the process).

    Raises `SettingsError` for anything unknown, wrong or contradictory, before any store is opened.
    """
    return load_from(SETTINGS_FILE, os.environ if environ is None else environ, process_group)


def load_from(base: Path, environ: Mapping[str, str], process_group: str) -> Settings:
    """Do the work of `load` with another project file."""
    extra = environ.get(FILE_VARIABLE)
    return decided(base, read_layers(base, Path(extra).absolute() if extra else None), environ, process_group)


def decided(base: Path, layers: Layers, environ: Mapping[str, str], process_group: str) -> Settings:
    """Decide each setting from what the files hold and the environment states. Raises `SettingsError`."""
    profiles = build_profiles(base, layers.profiles)
    stated = _all_stated(base, layers, environ)
    named = stated_profile(environ, process_group, profiles)
    profile = named or profiles[0]
    refuse_disabled_database(environ, profile)
    stated["database_url"] = _with_server(stated["database_url"], environ)
    origins = {key: one.origin for key, one in stated.items()} | {"profile": ENVIRONMENT if named else DEFAULT}
    return Settings(
        **{key: one.value for key, one in stated.items()},
        profile=profile,
        profiles=profiles,
        stated_profile=named is not None,
        origins=MappingProxyType(origins),
    )


def _all_stated(base: Path, layers: Layers, environ: Mapping[str, str]) -> dict[str, Stated]:
    faults = [*unknown_variables(environ), *switch_faults(environ)]
    stated = {}
    for key in SETTINGS:
        try:
            stated[key] = _stated(key, base, layers, environ)
        except SettingsError as error:
            faults.append(str(error))
    if faults:
        raise SettingsError(*faults)
    return stated


def _stated(key: str, base: Path, layers: Layers, environ: Mapping[str, str]) -> Stated:
    variable = f"{PREFIX}{key.upper()}"
    if variable in environ:
        value = from_text(key, environ[variable], variable)
        return Stated(_finished(key, value, Path.cwd(), variable), ENVIRONMENT, variable)
    place = layers.places[key]
    shown = f"{place} [default] {key}"
    value = from_file(key, layers.settings[key], shown)
    return Stated(_finished(key, value, place.parent, shown), DEFAULT if place == base else str(place), shown)


def _finished(key: str, value: object, folder: Path, shown: str) -> object:
    if key in ("cif_root", "state_dir", "log_file"):
        return folder / str(value)
    if key == "database_url":
        return database_url(str(value), folder, shown)
    if isinstance(value, tuple):
        return remote_users(value, shown)
    return value


def _with_server(url: Stated, environ: Mapping[str, str]) -> Stated:
    # the embedded file of settings.toml is what is used when nobody stated a database
    url_stated = url.origin != DEFAULT or not is_sqlite(url.value)
    server = server_of_variables(environ, url_stated)
    chosen = chosen_url(url.value, server, url_stated, url.shown)
    return url if chosen == url.value else Stated(chosen, ENVIRONMENT, "MSGDB_*")
