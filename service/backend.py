"""What the active profile is made of, in the seed's words: its four flags and the backend that answers."""

from service.features import FEATURES
from service.services import Services
from service.storage.cif.store import CifStore
from service.storage.database.engine import url_of
from service.storage.database.store import DatabaseStore
from settings import Profile, Settings

CIF, DATABASE = CifStore.name, DatabaseStore.name
#: The seed's other name of each flag (rows S96 and S97), in the order of its variables.
FLAGS = ("database_writes", "database_reads", "cif_writes", "cif_reads")


def flags(profile: Profile) -> dict[str, bool]:
    """Give the four flags as a profile has them; reading as the fallback counts (seed requirements, section 3)."""
    read = (profile.reads, profile.fallback)
    values = (DATABASE in profile.writes, DATABASE in read, CIF in profile.writes, CIF in read)
    return dict(zip(FLAGS, values, strict=True))


def flag_lines(found: Services) -> dict[str, str]:
    """Give every flag with its state and origin."""
    profile, settings = found.profile, found.settings
    lines = {f"{name}_enabled": f"{word(on=on)} (profile {profile.name})" for name, on in flags(profile).items()}
    for name in FEATURES:
        lines[name] = f"{word(on=getattr(settings, name))} ({settings.origins[name]})"
    return lines


def selected(profile: Profile) -> str:
    """Name the backend of a profile: `cif`, `database`, or `dual` for both."""
    return "dual" if profile.is_dual else profile.reads


def primary(profile: Profile) -> str:
    """Name the store that must have a write before it is acknowledged (row S2)."""
    return profile.reads


def database_of(settings: Settings) -> dict[str, object]:
    """Say where the database is, without its credentials."""
    url = url_of(settings)
    place: dict[str, object] = {
        "host": url.host,
        "port": url.port,
        "database": url.database,
        "has_credentials": url.username is not None,
    }
    return place | ({"note": "embedded, one machine only"} if url.host is None else {})


def backend_info(found: Services, profile: Profile, reason: str) -> dict[str, object]:
    """Describe the backend of a profile as it is made, with the keys of the seed's row S40."""
    body: dict[str, object] = {
        "profile": profile.name,
        "selected_backend": selected(profile),
        "backend_class": type(found.stores.chain(profile)).__name__,
        "primary": primary(profile),
        "site_id": found.settings.site_id,
        "reason": reason,
        "feature_flags": flags(profile),
    }
    return body | ({"database_config": database_of(found.settings)} if profile.uses_database else {})


def reason(found: Services) -> str:
    """Say why the active profile is active."""
    active = found.switching.active()
    if active.epoch == 0:
        return f"never started; it would start with {active.profile}, from the {found.settings.origins['profile']}"
    return f"active since {active.when}, epoch {active.epoch}, by {active.who}: {active.why}"


def word(*, on: bool) -> str:
    """Say whether a flag is on."""
    return "enabled" if on else "disabled"
