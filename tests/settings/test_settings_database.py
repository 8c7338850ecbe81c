from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from settings import SettingsError, load

SERVER = {"MSGDB_HOST": "db.example.org", "MSGDB_NAME": "messages", "MSGDB_USER": "msg", "MSGDB_PASS": "secret"}


def url_of(text: str) -> str:
    return load({"MSGMODULE_DATABASE_URL": text}).database_url


@pytest.mark.parametrize(
    ("scheme", "driver"),
    [
        ("mysql", "mysql+pymysql"),
        ("mariadb", "mariadb+pymysql"),
        ("mysql+pymysql", "mysql+pymysql"),
        ("mariadb+pymysql", "mariadb+pymysql"),
    ],
)
def test_a_server_url_comes_out_with_its_driver_and_port(scheme: str, driver: str) -> None:
    assert url_of(f"{scheme}://u:p@db/m?charset=utf8mb4") == f"{driver}://u:p@db:3306/m?charset=utf8mb4"


@pytest.mark.parametrize("host", ["db:3307", "10.0.0.1:3307", "[fe80::1]:3307"])
def test_the_port_of_a_server_url_is_kept(host: str) -> None:
    url = make_url(url_of(f"mysql://u:p@{host}/m"))
    assert (url.port, url.host) == (3307, host.removesuffix(":3307").strip("[]"))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:secret@db/m",
        "mysql+mysqldb://u:secret@db/m",
        "sqlite+aiosqlite:///secret.db",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///file:secret?mode=memory&uri=true",
        "sqlite://secret/m.db",
        "mysql://u:secret@db",
        "mysql://u:secret@db/",
        "mysql://u:secret@/m",
        "mysql://u:secret@db:port/m",
        "mysql://u:secret@db:70000/m",
        "mysql://u:secret@[db/m",
        "mysql://u:sec#ret@db/m",
        "mysql://u:sec/ret@db/m",
        "secret",
        " mysql://u:secret@db/m",
    ],
)
def test_another_database_or_none_is_refused_without_showing_the_url(url: str) -> None:
    with pytest.raises(SettingsError, match=r"MSGMODULE_DATABASE_URL.*give|MSGMODULE_DATABASE_URL.*must") as refusal:
        url_of(url)
    assert "sec" not in str(refusal.value).replace("USER:PASSWORD", "")


def test_the_seeds_variables_name_a_server() -> None:
    settings = load(SERVER)
    assert settings.database_url == "mysql+pymysql://msg:secret@db.example.org:3306/messages"
    assert settings.origins["database_url"] == "environment"
    assert make_url(load({**SERVER, "MSGDB_PORT": "3307"}).database_url).port == 3307


@pytest.mark.parametrize("odd", ["p@ss/w%rd", "a:b?c#d", "%41", "1234", "ü 😀+&=;[]", "'\"\\"])
def test_an_odd_password_survives(odd: str) -> None:
    url = make_url(load({**SERVER, "MSGDB_PASS": odd, "MSGDB_USER": odd, "MSGDB_NAME": "m_%"}).database_url)
    assert (url.username, url.password, url.host, url.database) == (odd, odd, "db.example.org", "m_%")


@pytest.mark.parametrize("missing", SERVER)
def test_an_incomplete_server_is_refused_naming_what_is_missing(missing: str) -> None:
    for environ in ({name: value for name, value in SERVER.items() if name != missing}, {**SERVER, missing: ""}):
        with pytest.raises(SettingsError, match=rf"^{missing} is missing") as refusal:
            load(environ)
        assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("port", ["0", "65536", "mysql", "-1", "33 06"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    with pytest.raises(SettingsError, match=rf"MSGDB_PORT='{port}'.*1 to 65535"):
        load({**SERVER, "MSGDB_PORT": port})
    with pytest.raises(SettingsError) as alone:
        load({"MSGDB_PORT": port})
    assert "missing" not in str(alone.value)


def test_a_host_with_a_port_in_it_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"MSGDB_HOST='db:3307'"):
        load({**SERVER, "MSGDB_HOST": "db:3307"})


def test_an_enabled_database_without_a_server_is_refused_naming_all_four() -> None:
    with pytest.raises(SettingsError) as refusal:
        load({"MSGDB_ENABLED": "true"})
    assert [line.split()[0] for line in str(refusal.value).splitlines()] == list(SERVER)


def test_an_enabled_database_may_be_named_by_its_url() -> None:
    assert load({"MSGDB_ENABLED": "true", "MSGMODULE_DATABASE_URL": "mysql://u@db/m"}).database_url.endswith("@db:3306/m")


def test_a_server_and_an_equal_url_are_taken() -> None:
    url = "mariadb://msg:secret@DB.example.org/messages?charset=utf8mb4"
    settings = load({**SERVER, "MSGMODULE_DATABASE_URL": url})
    assert settings.database_url == "mariadb+pymysql://msg:secret@db.example.org:3306/messages?charset=utf8mb4"


@pytest.mark.parametrize("url", ["mysql://msg:other@db.example.org/messages", "sqlite:////tmp/messages.db"])
def test_a_server_and_another_url_are_refused(url: str) -> None:
    with pytest.raises(SettingsError, match=r"MSGMODULE_DATABASE_URL and MSGDB_\* name different databases"):
        load({**SERVER, "MSGMODULE_DATABASE_URL": url})


def test_a_relative_sqlite_file_in_the_environment_starts_at_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "a b%20?"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert make_url(url_of("sqlite:///var/m.db")).database == str(folder / "var/m.db")
    assert url_of("sqlite:////abs/m.db") == "sqlite:////abs/m.db"


def test_the_password_is_not_in_the_text_of_the_settings() -> None:
    assert "secret" not in repr(load(SERVER))
