"""The settings room: the only place that reads the environment, `settings.toml` and dynaconf.

What leaves it is frozen and checked. A fault stops the start with `SettingsError`; nothing is guessed, and no
setting changes the default of another. This room imports no other room of the project.
"""

from settings.loader import DEFAULT, load
from settings.parse import SCOPES
from settings.values import Profile, Settings, SettingsError

__all__ = ["DEFAULT", "SCOPES", "Profile", "Settings", "SettingsError", "load"]
