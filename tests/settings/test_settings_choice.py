import pytest

from settings import SettingsError, load

NAMES = {
    "cif-only": "cif-only",
    "dual-write-cif-read": "dual-write-cif-read",
    "phase-1": "dual-write-cif-read",
    "dual-write-db-read": "dual-write-db-read",
    "phase-2": "dual-write-db-read",
    "db-only": "db-only",
    "phase-3": "db-only",
}
PHASE_3 = {"MSGDB_WRITES_ENABLED": "true", "MSGDB_READS_ENABLED": "true", "MSGCIF_WRITES_ENABLED": "false"}


@pytest.mark.parametrize("name", NAMES)
def test_a_canonical_name_or_an_alias_in_the_environment_chooses_the_profile(name: str) -> None:
    settings = load({"MSGMODULE_ENV": name})
    assert (settings.profile.name, settings.stated_profile) == (NAMES[name], True)


@pytest.mark.parametrize("name", NAMES)
def test_the_process_group_chooses_the_profile(name: str) -> None:
    settings = load({}, f"messaging-{name}")
    assert (settings.profile.name, settings.stated_profile) == (NAMES[name], True)


@pytest.mark.parametrize("name", ["DB-ONLY", "db_only", "phase-0", "phase-4", "default", "global", "db-only,cif-only"])
def test_an_unknown_profile_is_refused_naming_it_and_the_valid_ones(name: str) -> None:
    for environ, group in (({"MSGMODULE_ENV": name}, ""), ({}, f"messaging-{name}")):
        with pytest.raises(SettingsError, match=rf"'{name}' is no profile: use one of cif-only, .*phase-3"):
            load(environ, group)


def test_the_sidecar_of_a_process_group_has_its_profile() -> None:
    assert load({}, "messaging-db-only.admin").profile.name == "db-only"


@pytest.mark.parametrize("group", ["", "wsgi", "%{GLOBAL}", "my-messaging-db-only"])
def test_another_process_group_states_nothing(group: str) -> None:
    assert not load({}, group).stated_profile
    assert load({"MSGMODULE_ENV": "db-only"}, group).profile.name == "db-only"


def test_an_empty_profile_name_states_nothing() -> None:
    assert not load({"MSGMODULE_ENV": ""}).stated_profile


def test_statements_that_agree_are_taken() -> None:
    assert load({"MSGMODULE_ENV": "phase-3", **PHASE_3}, "messaging-db-only").profile.name == "db-only"


def test_flags_that_contradict_the_environment_name_are_refused_naming_both() -> None:
    with pytest.raises(SettingsError, match=r"MSGDB_WRITES_ENABLED=true.*db-only.*MSGMODULE_ENV=phase-1.*contradict"):
        load({"MSGMODULE_ENV": "phase-1", **PHASE_3})


def test_a_process_group_that_contradicts_is_refused_naming_both() -> None:
    with pytest.raises(SettingsError, match=r"MSGMODULE_ENV=phase-1.*process group messaging-db-only.*contradict"):
        load({"MSGMODULE_ENV": "phase-1"}, "messaging-db-only")
    with pytest.raises(SettingsError, match=r"MSGDB_READS_ENABLED=true.*process group messaging-phase-1.*contradict"):
        load(PHASE_3, "messaging-phase-1")


def test_a_disabled_database_is_refused_with_a_profile_that_needs_it() -> None:
    with pytest.raises(SettingsError, match=r"MSGDB_ENABLED=off .*db-only.*unset MSGDB_ENABLED"):
        load({"MSGDB_ENABLED": "off", "MSGMODULE_ENV": "db-only"})
    assert load({"MSGDB_ENABLED": "off"}).profile.name == "cif-only"


def test_an_enabled_database_never_chooses_a_profile() -> None:
    server = {"MSGDB_HOST": "db", "MSGDB_NAME": "m", "MSGDB_USER": "u", "MSGDB_PASS": "p"}
    settings = load({"MSGDB_ENABLED": "true", **server})
    assert (settings.profile.name, settings.stated_profile) == ("cif-only", False)
