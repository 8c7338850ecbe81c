"""The environment variables that may be stated, and the refusal of all others that look like ours."""

from collections.abc import Mapping
from difflib import get_close_matches

from settings.database import MSGDB
from settings.flags import SWITCHES
from settings.parse import SETTINGS
from settings.profiles import PROFILE_KEYS

PREFIX = "MSGMODULE_"
PREFIXES = (PREFIX, "MSGDB_", "MSGCIF_")
PROFILE_VARIABLE = "MSGMODULE_ENV"
FILE_VARIABLE = "MSGMODULE_SETTINGS"
KNOWN = frozenset({PROFILE_VARIABLE, FILE_VARIABLE, *SWITCHES, *MSGDB, *(f"{PREFIX}{key.upper()}" for key in SETTINGS)})


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """Return a fault for each variable with one of our prefixes that names nothing, or a key of a profile."""
    return [_fault(name, environ[name]) for name in sorted(environ) if name.startswith(PREFIXES) and name not in KNOWN]


def _fault(name: str, value: str) -> str:
    if name.removeprefix(PREFIX).lower() in PROFILE_KEYS:
        return f"{name}={value!r} is refused: it belongs to a profile; unset it, choose a profile with {PROFILE_VARIABLE}"
    # the value is not shown: under a misspelled name it may be a password
    closest = get_close_matches(name.upper(), sorted(KNOWN), 1, 0)[0]
    return f"{name} is refused: there is no such variable; unset it, perhaps {closest} is meant"
