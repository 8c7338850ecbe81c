"""`msgmodule profile`, and the settings that every command refuses."""

import json

import pytest
from support.command import DOWN, in_a_process, msgmodule
from support.site import PROFILES, Site


@pytest.mark.parametrize(
    ("variable", "value", "remedy"),
    [
        ("MSGMODULE_ENV", "dual_write", "dual-write-cif-read"),
        ("MSGDB_READS_ENABLED", "ture", "MSGDB_READS_ENABLED"),
        ("MSGMODULE_READS", "cif", "MSGMODULE_ENV"),
        ("MSGMODULE_LOCK_TIMEOUT", "-1", "seconds"),
        ("MSGMODULE_CIFROOT", "/x", "MSGMODULE_CIF_ROOT"),
    ],
)
def test_a_setting_that_is_refused_ends_every_command_with_2(site: Site, variable: str, value: str, remedy: str) -> None:
    profile = "" if variable.startswith("MSGDB") else "cif-only"
    done = in_a_process(site, "profile", "show", **{"MSGMODULE_ENV": profile, variable: value})
    assert done.returncode == 2
    assert variable in done.stderr
    assert remedy in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not (site.root / "state" / "profile.json").exists()


def test_the_profiles_are_listed_with_the_active_one_marked(site: Site) -> None:
    done = msgmodule(site, "profile", "list", profile="dual-write-cif-read")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert [line[2:].split()[0] for line in lines] == list(PROFILES)
    assert [line[0] for line in lines] == [" ", "*", " ", " "]
    told = json.loads(msgmodule(site, "profile", "list", "--json", profile="dual-write-cif-read").stdout)
    assert told["active"] == "dual-write-cif-read"
    assert [(one["name"], one["alias"]) for one in told["profiles"]][1:3] == [
        (PROFILES[1], "phase-1"),
        (PROFILES[2], "phase-2"),
    ]


def test_the_active_profile_is_shown_as_text_and_as_json(site: Site) -> None:
    site.app("dual-write-cif-read")
    done = msgmodule(site, "profile", "show", "--json")
    body = json.loads(done.stdout)
    assert (done.returncode, body["profile"], body["epoch"]) == (0, "dual-write-cif-read", 1)
    assert [w["epoch"] for w in body["workers"]] == [1]
    assert "profile: dual-write-cif-read" in msgmodule(site, "profile", "show").stdout


def test_showing_decides_nothing(site: Site) -> None:
    assert json.loads(msgmodule(site, "profile", "show", "--json").stdout)["epoch"] == 0
    assert not (site.root / "state" / "profile.json").exists()


def test_a_switch_says_what_it_did_and_is_followed_by_the_service(site: Site) -> None:
    client = site.client(site.app("cif-only"))
    done = in_a_process(site, "profile", "switch", "phase-1", "--reason", "the next step", "--json")
    assert done.returncode == 0, done.stderr
    expected = {"from": "cif-only", "to": "dual-write-cif-read", "epoch": 2, "reason": "the next step"}
    assert json.loads(done.stdout) == expected
    assert (client.get("/admin/profile").json or {})["profile"] == "dual-write-cif-read"
    last = json.loads((site.root / "state" / "audit.jsonl").read_text().splitlines()[-1])
    assert "@" in last["who"]


def test_a_switch_that_skips_a_step_exits_1_naming_the_step(site: Site) -> None:
    site.app("cif-only")
    for force in ((), ("--force",)):
        done = msgmodule(site, "profile", "switch", "db-only", "--reason", "hurry", *force)
        assert done.returncode == 1
        assert "the next step on the way is dual-write-cif-read" in done.stderr
        assert done.stdout == ""
    assert json.loads(msgmodule(site, "profile", "show", "--json").stdout)["epoch"] == 1


@pytest.mark.parametrize(
    "arguments", [("phase-1",), ("phase-1", "--reason", ""), ("dual_write", "--reason", "r"), ("--reason", "r")]
)
def test_a_switch_without_a_reason_or_a_known_profile_is_wrong_usage(site: Site, arguments: tuple[str, ...]) -> None:
    site.app("cif-only")
    assert msgmodule(site, "profile", "switch", *arguments).returncode == 2
    assert json.loads(msgmodule(site, "profile", "show", "--json").stdout)["epoch"] == 1


def test_the_guide_says_where_the_site_stands_and_what_is_left_to_do(legacy_site: Site) -> None:
    legacy_site.app("dual-write-cif-read")
    told = msgmodule(legacy_site, "profile", "guide").stdout
    assert "active: dual-write-cif-read, epoch 1" in told
    assert "of the files' depositions, not imported: 2" in told
    assert "remedy: run `msgmodule import --all`" in told
    for command in ("import", "verify"):
        assert msgmodule(legacy_site, command, "--all").returncode == 0
    told = msgmodule(legacy_site, "profile", "guide").stdout
    assert "of the files' depositions, not imported: 0" in told
    assert "2 compared, 0 differences" in told
    assert "ready: msgmodule profile switch dual-write-db-read --reason WHY" in told
    body = json.loads(msgmodule(legacy_site, "profile", "guide", "--json").stdout)
    assert (body["profile"], body["next"], all(check["ok"] for check in body["checks"])) == (
        "dual-write-cif-read",
        "dual-write-db-read",
        True,
    )


def test_the_guide_ends_with_the_way_and_works_without_a_database(site: Site) -> None:
    site.app("db-only")
    assert "the end of the way" in msgmodule(site, "profile", "guide").stdout
    down = Site(site.root, DOWN)
    done = msgmodule(down, "profile", "guide")
    assert done.returncode == 0
    assert "depositions in the database: the database does not answer" in done.stdout
