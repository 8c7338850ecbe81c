"""`msgmodule status` and `troubleshoot`: what is behind, what is wrong, and what remedies it."""

import json

import pytest
from support.command import DOWN, msgmodule
from support.contract import append
from support.dual import DEP, dual
from support.site import Site


def test_status_tells_what_is_behind_and_since_when(site: Site) -> None:
    assert dual(Site(site.root, DOWN), "dual-write-cif-read").append("m").stores["database"] == "behind"
    body = json.loads(msgmodule(site, "status", "--json", profile="dual-write-cif-read").stdout)
    assert (body["behind"], body["first_behind"]) == (1, [DEP])
    assert body["oldest_behind"].startswith("20")
    assert body["schema"]


def test_status_shows_what_it_knows_while_the_database_is_down(site: Site) -> None:
    down = Site(site.root, DOWN)
    down.app("dual-write-cif-read")
    done = msgmodule(down, "status", "--json", profile="dual-write-cif-read")
    body = json.loads(done.stdout)
    assert done.returncode == 1
    assert (body["profile"], body["epoch"], len(body["workers"])) == ("dual-write-cif-read", 1, 1)
    assert "the database does not answer" in body["fault"]
    assert "msgmodule troubleshoot" in body["fault"]


def test_trouble_is_named_with_its_remedy(site: Site) -> None:
    site.app("dual-write-cif-read")
    done = msgmodule(site, "troubleshoot")
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("0 findings")
    dual(Site(site.root, DOWN), "dual-write-cif-read").append("m")
    done = msgmodule(site, "troubleshoot")
    assert done.returncode == 1
    assert f"({DEP}); run `msgmodule reconcile --all`" in done.stdout
    told = json.loads(msgmodule(site, "troubleshoot", "--json").stdout)
    assert told["findings"] == done.stdout.splitlines()[:-1]
    assert told["profile"] == "dual-write-cif-read"


def test_files_that_are_left_behind_on_purpose_are_no_trouble(site: Site) -> None:
    site.app("db-only")
    dual(site, "db-only").append("m")
    done = msgmodule(site, "troubleshoot", profile="db-only")
    assert done.returncode == 0, done.stdout


def test_what_a_verify_found_is_trouble_until_another_finds_nothing(site: Site) -> None:
    profile = "dual-write-cif-read"
    site.app(profile)
    append(site.services(profile).stores.cif, DEP, "m")
    assert msgmodule(site, "verify", "--all", profile=profile).returncode == 1
    done = msgmodule(site, "troubleshoot", profile=profile)
    assert (done.returncode, "verify: 1 depositions were found to differ" in done.stdout) == (1, True)

    assert msgmodule(site, "reconcile", "--deposition", DEP, profile=profile).returncode == 0
    assert msgmodule(site, "verify", "--all", profile=profile).returncode == 0
    done = msgmodule(site, "troubleshoot", profile=profile)
    assert done.returncode == 0, done.stdout


def test_a_monitor_goes_on_where_not_even_the_profile_can_be_told(site: Site) -> None:
    site.app("cif-only")
    (site.root / "state" / "profile.json").write_text("{")
    done = msgmodule(site, "monitor", "--once")
    assert (done.returncode, "FAIL" in done.stdout, "does not name the active profile" in done.stdout) == (1, True, True)
    assert done.stderr == ""


@pytest.mark.parametrize("content", ["[]", '{"circuit_breaker": {}}', '{"circuit_breaker": 1}', "{"])
def test_features_that_cannot_be_read_are_named(site: Site, content: str) -> None:
    site.app("cif-only")
    (site.root / "state" / "features.json").write_text(content)
    done = msgmodule(site, "status")
    assert (done.returncode, "features.json cannot be read" in done.stderr) == (1, True)


def test_tokens_that_cannot_be_read_are_trouble(site: Site) -> None:
    site.app("cif-only")
    (site.root / "state" / "tokens.json").write_text("[")
    done = msgmodule(site, "troubleshoot")
    assert (done.returncode, "make the tokens anew" in done.stdout) == (1, True)
