import pytest

from settings import SettingsError, load


@pytest.mark.parametrize("key", ["PHASE", "WRITES", "READS", "FALLBACK", "OBSERVES"])
def test_a_profile_key_in_the_environment_is_refused_naming_value_and_remedy(key: str) -> None:
    with pytest.raises(SettingsError, match=rf"MSGMODULE_{key}='cif'.*MSGMODULE_ENV"):
        load({f"MSGMODULE_{key}": "cif"})


@pytest.mark.parametrize(
    ("name", "closest"),
    [
        ("MSGMODULE_LOCK_TIMEOUTS", "MSGMODULE_LOCK_TIMEOUT"),
        ("MSGMODULE_DATABASE_URI", "MSGMODULE_DATABASE_URL"),
        ("MSGMODULE_site_id", "MSGMODULE_SITE_ID"),
        ("MSGMODULE_", "MSGMODULE_ENV"),
        ("MSGDB_PASSWORD", "MSGDB_PASS"),
        ("MSGDB_WRITE_ENABLED", "MSGDB_WRITES_ENABLED"),
        ("MSGCIF_READ_ENABLED", "MSGCIF_READS_ENABLED"),
        ("MSGCIF_ENABLED", "MSGCIF_"),
    ],
)
def test_an_unknown_variable_is_refused_naming_the_closest_one_and_not_its_value(name: str, closest: str) -> None:
    with pytest.raises(SettingsError, match=rf"^{name} is refused.*perhaps {closest}") as refusal:
        load({name: "secret"})
    assert "secret" not in str(refusal.value)


def test_variables_of_others_are_left_alone() -> None:
    assert load({"PATH": "/bin", "DATABASE_URL": "x", "LOCK_TIMEOUT": "x", "msgmodule_env": "x"}) == load({})
