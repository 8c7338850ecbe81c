"""Files of NAME=VALUE lines, as systemd and docker read them, for checking them before they are used."""

from collections.abc import Mapping
from pathlib import Path

from settings.values import SettingsError


def read_env_file(path: Path) -> Mapping[str, str]:
    """Return what a file states; blank and # lines are left out. Raises `SettingsError` naming file and line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
    stated: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        text = line.strip().removeprefix("export ").strip()
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            # the line is not shown: it may hold a password
            raise SettingsError(f"{path} line {number} is refused: write NAME=VALUE")
        stated[name] = value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value
    return stated
