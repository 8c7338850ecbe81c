"""Another database under the site's name is refused until somebody adopts it on purpose, an empty one too."""

from dataclasses import replace
from pathlib import Path

import pytest
from support.command import msgmodule
from support.contract import append
from support.dual import DEP, QUICK, dual
from support.site import DUAL, Site, make_site

from service.errors import DatabaseNotReady
from service.storage.database import schema


@pytest.fixture
def ours(tmp_path: Path, database_url: str) -> Site:
    made = make_site(tmp_path, database_url)
    made.initialise()
    return made


@pytest.fixture
def elsewhere(ours: Site, tmp_path: Path) -> Site:
    """The same site, whose URL leads to a database that another site has made."""
    url = f"sqlite:///{tmp_path}/elsewhere.db"
    make_site(tmp_path / "other", url).initialise()
    return replace(ours, database_url=url)


def test_a_database_of_another_site_takes_no_reads_and_no_writes(elsewhere: Site) -> None:
    database = elsewhere.services("db-only").stores.database
    with pytest.raises(DatabaseNotReady, match="adopt"):
        database.read(DEP)
    with pytest.raises(DatabaseNotReady, match="adopt"):
        append(database, DEP, "m")
    assert not database.is_ready()


def test_a_database_of_another_site_is_not_taken_by_a_plain_init(elsewhere: Site) -> None:
    with pytest.raises(DatabaseNotReady, match="adopt"):
        elsewhere.initialise()
    with pytest.raises(DatabaseNotReady):
        elsewhere.services("db-only").stores.database.read(DEP)


def test_an_empty_database_in_place_of_ours_is_not_taken_by_a_plain_init(ours: Site, tmp_path: Path) -> None:
    append(ours.services("db-only").stores.database, DEP, "m")
    restored_empty = replace(ours, database_url=f"sqlite:///{tmp_path}/empty.db")
    (tmp_path / "empty.db").touch()
    with pytest.raises(DatabaseNotReady, match="adopt"):
        restored_empty.initialise()


@pytest.mark.parametrize("create", [True, False])
def test_a_mistyped_name_makes_no_database(ours: Site, create: bool) -> None:
    mistyped = replace(ours, database_url=f"{ours.database_url}_mistyped").settings("db-only")
    with pytest.raises(DatabaseNotReady, match=r"there is no database .*_mistyped that .*: check database_url"):
        schema.initialise(mistyped, adopt=False, create=create)
    with pytest.raises(DatabaseNotReady, match="_mistyped"):
        schema.status(mistyped)


@pytest.mark.parametrize("command", ["upgrade", "status"])
def test_only_init_makes_a_database_where_the_site_had_none_yet(tmp_path: Path, command: str) -> None:
    made = make_site(tmp_path, f"sqlite:///{tmp_path}/none.db")
    done = msgmodule(made, "db", command)
    assert done.returncode == 1
    assert "there is no database" in done.stderr
    assert not (tmp_path / "none.db").exists()


def test_a_database_adopted_on_purpose_is_used_and_the_old_one_refused(ours: Site, elsewhere: Site) -> None:
    schema.initialise(elsewhere.settings("db-only"), adopt=True)
    append(elsewhere.services("db-only").stores.database, DEP, "m")
    with pytest.raises(DatabaseNotReady, match="adopt"):
        ours.services("db-only").stores.database.read(DEP)


def test_a_file_deposition_is_still_answered_when_the_database_is_another_one(ours: Site, elsewhere: Site) -> None:
    append(ours.services("cif-only").stores.cif, DEP, "m")
    for profile in ("dual-write-cif-read", "dual-write-db-read"):
        services = elsewhere.services(profile)
        chain = services.stores.chain(services.settings.profile)
        answer = chain.read(DEP)
        assert (answer.unverified, [m.message_id for m in answer.correspondence.messages]) == (True, ["m"])


@pytest.mark.parametrize("profile", DUAL)
def test_a_site_that_forgot_which_database_is_its_own_works_on_from_its_files(ours: Site, profile: str) -> None:
    (ours.root / "state" / "database.json").write_text('{"ident')
    both = dual(ours, profile, **QUICK)
    assert both.append("m1").stores == {"cif": "written", "database": "behind"}
    answer = both.chain.read(DEP)
    assert (answer.served_by, answer.unverified, len(answer.correspondence.messages)) == ("cif", True, 1)
    assert "database.json does not say which database" in msgmodule(ours, "health", profile=profile).stdout


@pytest.mark.parametrize("profile", DUAL)
def test_a_database_that_cannot_be_looked_at_is_an_outage(tmp_path: Path, profile: str) -> None:
    both = dual(make_site(tmp_path, f"sqlite:///{tmp_path}/{'x' * 300}.db"), profile, **QUICK)
    assert both.append("m1").stores == {"cif": "written", "database": "behind"}
    assert both.read() == ["m1"]
    for command in (["db", "status"], ["status"], ["reconcile", "--all"], ["backup", str(tmp_path / "backup")]):
        done = msgmodule(both.site, *command, profile=profile)
        assert (done.returncode, "the database does not answer" in done.stdout + done.stderr) == (1, True), done
