import os
from pathlib import Path

import pytest

from settings import SettingsError, load
from settings.loader import SETTINGS_FILE, load_from

PROJECT = SETTINGS_FILE.read_text(encoding="utf-8")


def project(folder: Path, text: str) -> Path:
    path = folder / "settings.toml"
    path.write_text(text, encoding="utf-8")
    return path


def site(folder: Path, text: str) -> dict[str, str]:
    path = folder / "site.toml"
    path.write_text(text, encoding="utf-8")
    return {"MSGMODULE_SETTINGS": str(path)}


def test_a_site_file_overrides_settings(tmp_path: Path) -> None:
    settings = load(site(tmp_path, '[default]\nsite_id = "PDBj"\nlock_timeout = 4\nremote_users = ["eve=admin"]'))
    assert (settings.site_id, settings.lock_timeout) == ("PDBj", 4.0)
    assert settings.remote_users == {"eve": frozenset({"admin"})}
    assert settings.origins["site_id"] == str(tmp_path / "site.toml")
    assert settings.origins["cif_root"] == "default"


def test_an_empty_site_file_changes_nothing(tmp_path: Path) -> None:
    assert load(site(tmp_path, "")) == load({})
    assert load({"MSGMODULE_SETTINGS": ""}) == load({})


def test_a_site_file_cannot_change_a_profile(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"site.toml \[default\] reads='database' is refused.*MSGMODULE_ENV"):
        load(site(tmp_path, '[default]\nreads = "database"'))
    with pytest.raises(SettingsError, match=r"site.toml \[db-only\] is refused"):
        load(site(tmp_path, "[db-only]\nphase = 3"))


@pytest.mark.parametrize("table", ["global", "dynaconf", "Default", "db_only"])
def test_an_unknown_table_is_refused_in_either_file(tmp_path: Path, table: str) -> None:
    with pytest.raises(SettingsError, match=rf"\[{table}\] is refused"):
        load(site(tmp_path, f"[{table}]\nlock_timeout = 1"))
    with pytest.raises(SettingsError, match=rf"\[{table}\] is refused"):
        load_from(project(tmp_path, f"{PROJECT}\n[{table}]\nlock_timeout = 1"), {}, "")


def test_a_key_outside_a_table_is_refused(tmp_path: Path) -> None:
    for text in ("lock_timeout = 1", "default = 1"):
        with pytest.raises(SettingsError, match="no key outside"):
            load(site(tmp_path, text))


def test_an_unknown_key_is_refused_naming_the_closest_one_and_not_its_value(tmp_path: Path) -> None:
    for key in ("database_uri", "DATABASE_URL", "database_url__x"):
        with pytest.raises(SettingsError, match=rf"{key} is refused.*perhaps database_url is meant") as refusal:
            load(site(tmp_path, f'[default]\n{key} = "secret"'))
        assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    "line",
    ['lock_timeout = "4"', "breaker_fail_max = true", "breaker_fail_max = 1.0", "circuit_breaker = 1", "site_id = 5"],
)
def test_a_setting_of_another_type_in_a_file_is_refused_naming_file_and_key(tmp_path: Path, line: str) -> None:
    with pytest.raises(SettingsError, match=rf"site.toml \[default\] {line.partition(' ')[0]}=.* is refused: give"):
        load(site(tmp_path, f"[default]\n{line}"))


def test_a_list_in_a_site_file_replaces_and_is_checked(tmp_path: Path) -> None:
    for users in ("[1]", '"eve=admin"', '["eve=root"]'):
        with pytest.raises(SettingsError, match=r"site.toml \[default\] remote_users"):
            load(site(tmp_path, f"[default]\nremote_users = {users}"))


def test_lists_of_two_files_are_not_merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MERGE_ENABLED_FOR_DYNACONF", "true")
    base = project(tmp_path, PROJECT.replace("remote_users = []", 'remote_users = ["ann=admin"]'))
    settings = load_from(base, site(tmp_path, '[default]\nremote_users = ["eve=metrics"]'), "")
    assert settings.remote_users == {"eve": frozenset({"metrics"})}


def test_a_site_file_that_is_missing_or_broken_or_no_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"absent.toml cannot be read"):
        load({"MSGMODULE_SETTINGS": str(tmp_path / "absent.toml")})
    with pytest.raises(SettingsError, match=r"site.toml cannot be read"):
        load(site(tmp_path, "[default"))
    with pytest.raises(SettingsError, match=r"ends in .toml"):
        load({"MSGMODULE_SETTINGS": "os"})


@pytest.mark.parametrize("name", ["site.local.toml", "dynaconf_hooks.py"])
def test_a_file_that_dynaconf_would_obey_unasked_is_refused(tmp_path: Path, name: str) -> None:
    environ = site(tmp_path, "")
    (tmp_path / name).write_text("", encoding="utf-8")
    with pytest.raises(SettingsError, match=rf"{name} is refused"):
        load(environ)


def test_a_missing_setting_or_profile_of_the_project_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"\[default\] lock_timeout is missing"):
        load_from(project(tmp_path, PROJECT.replace("lock_timeout = 10", "")), {}, "")
    with pytest.raises(SettingsError, match=r"\[db-only\] phase is missing"):
        load_from(project(tmp_path, PROJECT.partition("[db-only]")[0]), {}, "")


def test_a_profile_key_among_the_defaults_of_the_project_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"\[default\] phase=1 is refused"):
        load_from(project(tmp_path, PROJECT.replace("\n[default]\n", "\n[default]\nphase = 1\n")), {}, "")


def test_relative_paths_start_at_the_folder_of_the_file_that_states_them(tmp_path: Path) -> None:
    folder = tmp_path / "odd [1]*"
    folder.mkdir()
    settings = load(site(folder, '[default]\ncif_root = "a"\ndatabase_url = "sqlite:///b/m.db"'))
    assert settings.cif_root == folder / "a"
    assert settings.database_url.startswith("sqlite:////")
    assert settings.database_url.endswith("/b/m.db")
    assert settings.state_dir == SETTINGS_FILE.parent / "var/state"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENV_FOR_DYNACONF", "db-only"),
        ("FORCE_ENV_FOR_DYNACONF", "db-only"),
        ("DEFAULT_ENV_FOR_DYNACONF", "db-only"),
        ("ENVVAR_PREFIX_FOR_DYNACONF", "db-only"),
        ("DYNACONF_LOCK_TIMEOUT", "99"),
        ("DYNACONF_READS", "database"),
        ("DEFAULT_READS", "database"),
        ("MSGMODULE_READS", "database"),
        ("ENVIRONMENTS_FOR_DYNACONF", "false"),
        ("SETTINGS_FILE_FOR_DYNACONF", "OTHER"),
        ("CORE_LOADERS_FOR_DYNACONF", "[]"),
        ("LOADERS_FOR_DYNACONF", "['dynaconf.loaders.env_loader']"),
        ("INCLUDES_FOR_DYNACONF", "OTHER"),
        ("PRELOAD_FOR_DYNACONF", "OTHER"),
        ("SECRETS_FOR_DYNACONF", "OTHER"),
        ("MERGE_ENABLED_FOR_DYNACONF", "true"),
        ("REDIS_ENABLED_FOR_DYNACONF", "true"),
        ("VAULT_ENABLED_FOR_DYNACONF", "true"),
        ("SKIP_FILES_FOR_DYNACONF", f"['{SETTINGS_FILE}']"),
        ("LOAD_DOTENV_FOR_DYNACONF", "true"),
        ("AUTO_CAST_FOR_DYNACONF", "false"),
        ("SYSENV_FALLBACK_FOR_DYNACONF", "true"),
    ],
)
def test_no_variable_of_dynaconf_has_an_effect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    before = load({})
    monkeypatch.chdir(tmp_path)
    value = value.replace("OTHER", str(tmp_path / "other.toml"))
    (tmp_path / "other.toml").write_text("[default]\nlock_timeout = 99\nreads = 'database'\n", encoding="utf-8")
    (tmp_path / ".env").write_text("DYNACONF_LOCK_TIMEOUT=99\n", encoding="utf-8")
    monkeypatch.setenv(name, value)
    assert load({}) == before
    assert ("DYNACONF_LOCK_TIMEOUT" in os.environ) == (name == "DYNACONF_LOCK_TIMEOUT")
    assert load({name: value} if "DYNACONF" in name else {}) == before
