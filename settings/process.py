"""What a process of the service needs in its environment before the first import of a library that looks there."""

import hashlib
import os
import tempfile
from pathlib import Path

from settings.environment import PREFIXES
from settings.values import Settings, SettingsError

try:  # the module exists inside Apache's daemon processes alone
    from mod_wsgi import process_group as _process_group
except ImportError:
    _process_group = ""

METRICS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def prepare_metrics(settings: Settings, instance: str = "") -> Path:
    """Name the folder in which the processes of one server add up their metrics, and make it.

    It is local to the host, for its files are named by process id alone (TRAPS.md), and one per state directory and
    `instance`, which tells two servers of one host apart. A folder that the environment names already is kept. Raises
    SettingsError for one that cannot be made or belongs to another user.
    """
    if not os.environ.get(METRICS_VARIABLE):  # empty is not stated: it would be the working directory
        key = hashlib.sha256(f"{settings.state_dir} {instance}".encode()).hexdigest()[:12]
        os.environ[METRICS_VARIABLE] = str(Path(tempfile.gettempdir()) / f"msgmodule-metrics-{os.getuid()}-{key}")
    directory = Path(os.environ[METRICS_VARIABLE])
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"{METRICS_VARIABLE}={str(directory)!r} cannot be made ({error.strerror}): name a folder of the service's own"
        ) from error
    if directory.stat().st_uid != os.getuid():
        raise SettingsError(
            f"{METRICS_VARIABLE}={str(directory)!r} belongs to another user: name a folder of the service's own"
        )
    return directory


def process_group() -> str:
    """Give the name of the mod_wsgi daemon group this process belongs to; empty elsewhere."""
    return str(_process_group)


def metrics_directory() -> Path | None:
    """Give that folder; `None` where a process keeps its metrics to itself."""
    named = os.environ.get(METRICS_VARIABLE)
    return Path(named) if named else None


def stated_variables() -> frozenset[tuple[str, str]]:
    """Give what the environment states for us now; a program that reads the settings once can tell that it changed."""
    return frozenset((name, value) for name, value in os.environ.items() if name.startswith(PREFIXES))
