from pathlib import Path

import pytest

from settings import SettingsError, load
from settings.loader import SETTINGS_FILE

DEFAULTS = {
    "site_id": "RCSB",
    "cif_root": SETTINGS_FILE.parent / "var/data",
    "state_dir": SETTINGS_FILE.parent / "var/state",
    "database_url": f"sqlite:///{SETTINGS_FILE.parent}/var/messages.db",
    "database_connect_timeout": 3.0,
    "database_read_timeout": 10.0,
    "breaker_fail_max": 5,
    "breaker_reset_timeout": 30.0,
    "lock_timeout": 10.0,
    "shadow_read_fraction": 0.05,
    "quiet_period": 86400.0,
    "circuit_breaker": True,
    "connection_pooling": True,
    "max_message_bytes": 8388608,
    "create_depositions": True,
    "log_file": SETTINGS_FILE.parent / "var/messaging.log",
    "remote_users": {},
}


def test_the_defaults_are_those_of_the_design() -> None:
    settings = load({})
    assert {key: getattr(settings, key) for key in DEFAULTS} == DEFAULTS
    assert dict(settings.origins) == dict.fromkeys([*DEFAULTS, "profile"], "default")


def test_the_defaults_are_found_from_any_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = load({})
    monkeypatch.chdir(tmp_path)
    assert load({}) == before


def test_the_environment_of_the_process_is_read_unless_another_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MSGMODULE_SITE_ID", "PDBe")
    assert load().site_id == "PDBe"
    assert load({}).site_id == "RCSB"


def test_the_environment_wins_over_the_site_file(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text('[default]\nsite_id = "PDBj"\n', encoding="utf-8")
    settings = load({"MSGMODULE_SETTINGS": str(path), "MSGMODULE_SITE_ID": "PDBe"})
    assert (settings.site_id, settings.origins["site_id"]) == ("PDBe", "environment")


def test_relative_paths_in_the_environment_start_at_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "site.toml").write_text('[default]\nstate_dir = "state"\n', encoding="utf-8")
    settings = load({"MSGMODULE_CIF_ROOT": "data", "MSGMODULE_SETTINGS": "site.toml"})
    assert settings.cif_root == tmp_path / "data"
    assert settings.state_dir == tmp_path / "state"
    assert settings.origins["state_dir"] == str(tmp_path / "site.toml")


def test_a_server_of_the_site_file_is_a_stated_one(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text('[default]\ndatabase_url = "mysql://u:p@db/m"\n', encoding="utf-8")
    environ = {"MSGMODULE_SETTINGS": str(path)}
    assert load({**environ, "MSGDB_ENABLED": "true"}).origins["database_url"] == str(path)
    other = {"MSGDB_HOST": "db2", "MSGDB_NAME": "m", "MSGDB_USER": "u", "MSGDB_PASS": "p"}
    with pytest.raises(SettingsError, match=r"site.toml \[default\] database_url and MSGDB_\* name different"):
        load({**environ, **other})


def test_faults_of_variables_and_values_are_reported_together() -> None:
    with pytest.raises(SettingsError) as refusal:
        load({"MSGMODULE_NOTHING": "", "MSGDB_ENABLED": "ture", "MSGMODULE_LOCK_TIMEOUT": "x"})
    assert [line.partition(" ")[0].partition("=")[0] for line in str(refusal.value).splitlines()] == [
        "MSGMODULE_NOTHING",
        "MSGDB_ENABLED",
        "MSGMODULE_LOCK_TIMEOUT",
    ]
