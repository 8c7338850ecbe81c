"""Which profile an operator stated: by the four flags, `MSGMODULE_ENV` or the daemon process group."""

from collections.abc import Mapping

from settings.environment import PROFILE_VARIABLE
from settings.flags import flags_text, profile_of_flags
from settings.parse import switch
from settings.values import Profile, SettingsError, profile_named

GROUP_PREFIX = "messaging-"
SIDECAR_SUFFIX = ".admin"


def stated_profile(environ: Mapping[str, str], process_group: str, profiles: tuple[Profile, ...]) -> Profile | None:
    """Return the stated profile, None when nothing states one (seed requirements, section 2, steps 2-4).

    Raises `SettingsError` for an invalid combination of flags, an unknown name, and statements that contradict.
    """
    statements: dict[str, Profile] = {}
    flags = profile_of_flags(environ)
    if flags is not None:
        statements[flags_text(environ)] = profile_named(profiles, flags, "flags")
    name = environ.get(PROFILE_VARIABLE)
    if name:
        statements[f"{PROFILE_VARIABLE}={name}"] = profile_named(profiles, name, PROFILE_VARIABLE)
    if process_group.startswith(GROUP_PREFIX):
        group = process_group.removeprefix(GROUP_PREFIX).removesuffix(SIDECAR_SUFFIX)
        statements[f"process group {process_group}"] = profile_named(profiles, group, "profile of the process group")
    if len(set(statements.values())) > 1:
        told = "; ".join(f"{source} states {profile.name}" for source, profile in statements.items())
        raise SettingsError(f"{told}: they contradict, so state one profile only")
    return next(iter(statements.values()), None)


def refuse_disabled_database(environ: Mapping[str, str], profile: Profile) -> None:
    """Raise `SettingsError` when `MSGDB_ENABLED` is false and the profile needs the database (step 5)."""
    stated = environ.get("MSGDB_ENABLED")
    if stated and not switch(stated) and profile.uses_database:
        raise SettingsError(
            f"MSGDB_ENABLED={stated} is refused with the profile {profile.name}, which needs the database: "
            "unset MSGDB_ENABLED, or choose the profile cif-only"
        )
