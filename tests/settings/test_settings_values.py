from dataclasses import FrozenInstanceError

import pytest

from settings import Profile, SettingsError, load

CIF_ONLY, CIF_READ, DB_READ, DB_ONLY = load({}).profiles


def test_the_four_profiles_are_those_of_the_reference() -> None:
    both = ("cif", "database")
    assert load({}).profiles == (
        Profile("cif-only", 0, ("cif",), "cif", None, None),
        Profile("dual-write-cif-read", 1, both, "cif", None, "database"),
        Profile("dual-write-db-read", 2, both, "database", "cif", "cif"),
        Profile("db-only", 3, ("database",), "database", None, None),
    )


def test_a_profile_says_which_stores_it_needs() -> None:
    profiles = load({}).profiles
    assert [profile.uses_database for profile in profiles] == [False, True, True, True]
    assert [profile.writes_cif for profile in profiles] == [True, True, True, False]
    assert [profile.is_dual for profile in profiles] == [False, True, True, False]


def test_all_phases_but_the_first_have_an_alias() -> None:
    assert [profile.alias for profile in load({}).profiles] == [None, "phase-1", "phase-2", "phase-3"]


def test_adjacent_profiles_differ_by_one_phase() -> None:
    assert CIF_ONLY.adjacent_to(CIF_READ)
    assert DB_ONLY.adjacent_to(DB_READ)
    assert not CIF_ONLY.adjacent_to(DB_READ)
    assert not DB_ONLY.adjacent_to(DB_ONLY)


def test_a_profile_is_found_by_name_and_alias() -> None:
    assert load({}).profile_named("phase-2") == load({}).profile_named("dual-write-db-read") == DB_READ


def test_an_unknown_profile_name_is_refused_naming_the_valid_ones() -> None:
    with pytest.raises(SettingsError, match=r"'phase-9' is no profile: use one of cif-only, dual-write-cif-read, phase-1"):
        load({}).profile_named("phase-9")


def test_settings_cannot_be_changed() -> None:
    settings = load({})
    with pytest.raises(FrozenInstanceError):
        settings.profile = DB_ONLY  # type: ignore[misc]
    with pytest.raises(TypeError):
        settings.origins["profile"] = "x"  # type: ignore[index]
    with pytest.raises(TypeError):
        settings.remote_users["eve"] = frozenset({"admin"})  # type: ignore[index]
