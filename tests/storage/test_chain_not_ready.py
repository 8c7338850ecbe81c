"""A database without its tables is an outage for the dual profiles: the file is written, and the rows follow."""

from pathlib import Path

import pytest
from support import legacy
from support.dual import DEP, QUICK, dual, first_call
from support.site import DUAL, make_site


@pytest.mark.parametrize("profile", DUAL)
def test_a_message_written_before_the_database_has_its_tables_reaches_it(
    tmp_path: Path, database_url: str, profile: str
) -> None:
    site = make_site(tmp_path, database_url)
    both = dual(site, profile)

    assert both.append("m1").stores == {"cif": "written", "database": "behind"}
    assert both.append("m2").stores == {"cif": "written", "database": "behind"}
    assert both.read() == ["m1", "m2"]
    assert len(both.kept("pending")) == 2

    site.initialise()
    assert both.read() == ["m1", "m2"]
    assert both.is_equal()
    assert both.kept("pending") == []


@pytest.mark.parametrize("profile", DUAL)
def test_a_database_that_goes_between_the_look_and_the_sync_of_a_read_is_an_outage(
    tmp_path: Path, profile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "messages.db"
    site = make_site(tmp_path, f"sqlite:///{file}")
    site.initialise()
    both = dual(site, profile, **QUICK, MSGMODULE_CONNECTION_POOLING="false")
    both.append("m1")
    both.read()
    legacy.append(both.file(), message_id="theirs", message_subject="s", message_text="t")
    first_call(both.services.stores.database, "snapshot", monkeypatch, lambda: file.rename(tmp_path / "away.db"))

    answer = both.chain.read(DEP)

    assert (answer.served_by, answer.unverified) == ("cif", True)
    assert [m.message_id for m in answer.correspondence.messages] == ["m1", "theirs"]
