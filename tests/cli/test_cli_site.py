"""The commands that set up and check a site: `demo`, `db`, `health`, `token`, and the refusals of `run`."""

import json
import os
from pathlib import Path

import pytest
from support import mariadb
from support.command import DOWN, in_a_process, msgmodule
from support.site import DEPOSITION, Site, make_site


def test_the_demo_makes_a_site_to_try_and_a_second_run_changes_nothing(tmp_path: Path) -> None:
    site = Site(tmp_path, f"sqlite:///{tmp_path}/messages.db")
    assert msgmodule(site, "db", "init").returncode == 0
    done = in_a_process(site, "demo", profile="dual-write-cif-read")
    assert done.returncode == 0, done.stderr
    assert "D_1000000001" in done.stdout
    token = tmp_path / "state" / "local-token"
    assert token.stat().st_mode & 0o777 == 0o600
    before, secret = site.files(), token.read_text()
    assert msgmodule(site, "demo", profile="dual-write-cif-read").returncode == 0
    assert (site.files(), token.read_text()) == (before, secret)

    token.unlink()  # a backup that is put back has none
    assert msgmodule(site, "demo", profile="dual-write-cif-read").returncode == 0
    assert token.read_text() != secret

    secret = token.read_text()
    client = site.app("dual-write-cif-read").test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    messages = (client.get("/api/v1/depositions/D_1000000001/messages").json or {})["messages"]
    assert {m["content_type"] for m in messages} == {
        "messages-to-depositor",
        "messages-from-depositor",
        "notes-from-annotator",
    }
    assert (tmp_path / "data" / "deposit" / "D_1000000001").is_dir()


def test_the_schema_is_made_once_and_its_state_is_told(database_url: str, tmp_path: Path) -> None:
    site = make_site(tmp_path, database_url)
    done = msgmodule(site, "db", "status", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["current"] is False
    first = msgmodule(site, "db", "init", "--json")
    assert first.returncode == 0, first.stderr
    body = json.loads(first.stdout)
    assert (body["current"], body["version"], body["defects"]) == (True, body["head"], [])
    assert json.loads(msgmodule(site, "db", "init", "--json").stdout) == body
    assert json.loads(msgmodule(site, "db", "upgrade", "--json").stdout) == body
    done = msgmodule(site, "db", "status", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, body)


@pytest.mark.mariadb
def test_a_database_that_the_server_does_not_have_yet_is_made(tmp_path: Path) -> None:
    with mariadb.fresh_database(exists=False) as url:
        done = msgmodule(make_site(tmp_path, url), "db", "init", "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["current"] is True


def test_another_database_is_refused_until_it_is_adopted(site: Site, tmp_path: Path) -> None:
    other = Site(site.root, f"sqlite:///{tmp_path}/other.db")
    assert msgmodule(site, "db", "init").returncode == 0
    (site.root / "state" / "database.json").rename(site.root / "kept.json")
    assert msgmodule(other, "db", "init").returncode == 0
    (site.root / "kept.json").rename(site.root / "state" / "database.json")
    done = msgmodule(other, "db", "init")
    assert done.returncode == 1
    assert "--adopt" in done.stderr
    assert msgmodule(other, "db", "init", "--adopt").returncode == 0


def test_a_database_that_is_down_is_a_failure_without_its_password(site: Site) -> None:
    down = Site(site.root, "mysql://me:hunter2@127.0.0.1:1/nowhere")
    for command in (("db", "status"), ("db", "init"), ("health",)):
        done = msgmodule(down, *command, profile="dual-write-cif-read")
        assert done.returncode == 1, command
        assert "Traceback" not in done.stderr
        assert "hunter2" not in done.stdout + done.stderr


def test_health_uses_the_stores_and_exits_by_what_it_found(site: Site) -> None:
    done = msgmodule(site, "health", "--json", profile="dual-write-db-read")
    body = json.loads(done.stdout)
    assert (done.returncode, body["ok"], body["profile"]) == (0, True, "dual-write-db-read")
    assert site.files() == {}
    down = in_a_process(Site(site.root, DOWN), "health", "--json", profile="dual-write-db-read")
    body = json.loads(down.stdout)
    assert (down.returncode, body["ok"]) == (1, False)
    assert {c["name"] for c in body["checks"] if not c["ok"]} == {"database_schema", "database_probe", "database_packet"}
    text = msgmodule(Site(site.root, DOWN), "health", profile="dual-write-db-read").stdout
    assert "FAIL database_probe" in text
    assert "ok   cif_probe" in text


def test_a_token_is_printed_alone_works_and_stops_when_revoked(site: Site) -> None:
    done = in_a_process(site, "token", "create", "robot", "--scope", "messages:read", "--scope", "metrics")
    assert (done.returncode, done.stderr) == (0, "")
    secret = done.stdout.removesuffix("\n")
    assert len(secret.split()) == 1
    client = site.app("cif-only").test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    assert [client.get(p).status_code for p in ("/admin/metrics", "/admin/profile")] == [200, 403]

    listed = msgmodule(site, "token", "list", "--json")
    assert json.loads(listed.stdout)["robot"]["scopes"] == ["messages:read", "metrics"]
    assert secret not in listed.stdout
    assert msgmodule(site, "token", "revoke", "robot").returncode == 0
    assert client.get("/admin/metrics").status_code == 401
    assert msgmodule(site, "token", "revoke", "robot").returncode == 1


def test_a_token_of_a_taken_name_is_refused_and_prints_nothing(site: Site) -> None:
    site.token()
    done = msgmodule(site, "token", "create", "test-0", "--scope", "admin")
    assert (done.returncode, done.stdout) == (1, "")
    assert "test-0" in done.stderr


@pytest.mark.parametrize("arguments", [("robot",), ("robot", "--scope", "root"), ("--scope", "admin")])
def test_a_token_without_a_name_or_a_known_scope_is_wrong_usage(site: Site, arguments: tuple[str, ...]) -> None:
    done = msgmodule(site, "token", "create", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert not (site.root / "state" / "tokens.json").exists()


def test_what_a_command_writes_as_root_belongs_to_the_service(site: Site) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    state = site.root / "state"
    state.mkdir(exist_ok=True)
    os.chown(state, 54322, 54320)

    assert msgmodule(site, "token", "create", "metrics", "--scope", "metrics").returncode == 0

    found = (state / "tokens.json").stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (54322, 54320, 0o600)


def test_a_folder_that_cannot_be_made_for_the_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = msgmodule(make_site(tmp_path, f"sqlite:///{tmp_path}/file/below/messages.db"), "db", "init")
    assert (done.returncode, f"{tmp_path}/file/below" in done.stderr) == (1, True)


def test_a_command_that_does_not_exist_is_wrong_usage(site: Site) -> None:
    assert msgmodule(site, "nonsense").returncode == 2


def test_serving_is_refused_over_a_database_without_its_schema(tmp_path: Path) -> None:
    made = make_site(tmp_path, f"sqlite:///{tmp_path}/messages.db")
    done = in_a_process(made, "run", "--port", "1", profile="dual-write-cif-read")
    assert done.returncode == 2
    assert "msgmodule db init" in done.stderr
    assert not (tmp_path / "state" / "profile.json").exists()


@pytest.mark.mariadb
def test_serving_is_refused_over_a_database_that_the_server_does_not_know(tmp_path: Path) -> None:
    url = f"mysql://{mariadb.USER}@{mariadb.HOST}:3306/messaging_test_that_nobody_made"
    done = in_a_process(make_site(tmp_path, url), "run", "--port", "1", profile="dual-write-cif-read")
    assert done.returncode == 2
    assert "messaging_test_that_nobody_made" in done.stderr


def test_serving_is_refused_where_the_profile_is_not_safe(legacy_site: Site) -> None:
    done = in_a_process(legacy_site, "run", "--port", "1", profile="db-only")
    assert done.returncode == 2
    assert "msgmodule import --all" in done.stderr
    assert DEPOSITION not in done.stdout
