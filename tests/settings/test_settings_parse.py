import pytest

from settings import SettingsError, load


def given(key: str, text: str) -> object:
    return getattr(load({f"MSGMODULE_{key.upper()}": text}), key)


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("site_id", "1234", "1234"),
        ("site_id", "true", "true"),
        ("database_connect_timeout", "0.5", 0.5),
        ("database_read_timeout", "60", 60.0),
        ("breaker_fail_max", "1", 1),
        ("breaker_reset_timeout", "1.5", 1.5),
        ("lock_timeout", "2", 2.0),
        ("shadow_read_fraction", "0", 0.0),
        ("shadow_read_fraction", "1", 1.0),
        ("quiet_period", "0", 0.0),
        ("quiet_period", "604800", 604800.0),
        ("circuit_breaker", "OFF", False),
        ("connection_pooling", "0", False),
        ("max_message_bytes", "1024", 1024),
        ("create_depositions", "no", False),
    ],
)
def test_a_setting_in_the_environment_is_read_by_its_type(key: str, text: str, value: object) -> None:
    read = given(key, text)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("site_id", ""),
        ("cif_root", ""),
        ("state_dir", " x"),
        ("database_connect_timeout", "0"),
        ("database_read_timeout", "nan"),
        ("database_read_timeout", "inf"),
        ("breaker_fail_max", "0"),
        ("breaker_fail_max", "2.5"),
        ("breaker_reset_timeout", "-1"),
        ("lock_timeout", "1_0"),
        ("lock_timeout", ""),
        ("shadow_read_fraction", "1.01"),
        ("quiet_period", "-1"),
        ("quiet_period", "24h"),
        ("circuit_breaker", "ture"),
        ("connection_pooling", ""),
        ("max_message_bytes", "8M"),
        ("create_depositions", "maybe"),
    ],
)
def test_a_setting_of_another_type_or_range_is_refused_naming_key_value_and_remedy(key: str, text: str) -> None:
    with pytest.raises(SettingsError, match=rf"^MSGMODULE_{key.upper()}='{text}' is refused: give .* default$"):
        given(key, text)


def test_all_wrong_settings_are_reported_together_one_a_line() -> None:
    with pytest.raises(SettingsError) as refusal:
        load({"MSGMODULE_LOCK_TIMEOUT": "x", "MSGMODULE_CIRCUIT_BREAKER": "x", "MSGMODULE_REMOTE_USERS": "a=x"})
    assert len(str(refusal.value).splitlines()) == 3


def test_remote_users_are_read_with_their_scopes() -> None:
    text = "alice=messages:read,messages:write; CN=Bob,O=PDB=metrics, admin;"
    assert given("remote_users", text) == {
        "alice": frozenset({"messages:read", "messages:write"}),
        "CN=Bob,O=PDB": frozenset({"metrics", "admin"}),
    }


def test_no_remote_user_is_known_unless_stated() -> None:
    assert load({}).remote_users == {}
    assert given("remote_users", "") == {}


@pytest.mark.parametrize("text", ["alice", "alice=", "=admin", "alice=root", "alice=admin,", "alice=admin;alice=metrics"])
def test_a_remote_user_with_another_scope_or_none_or_named_twice_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=r"MSGMODULE_REMOTE_USERS.*messages:read, messages:write, metrics, admin"):
        given("remote_users", text)
