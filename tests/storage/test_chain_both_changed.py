"""An edit that crosses one of the database alone did not come behind it: both are known, the database answers."""

import pytest
from support import legacy
from support.dual import DEP, QUICK, drafted, dual, edit, first_call, logged_conflicts, noted, texts
from support.site import Site

from service.storage.cif.lock import lock_of

PROFILE = "dual-write-db-read"


@pytest.mark.parametrize("is_written_by_another", [False, True])
def test_an_edit_of_the_database_alone_is_not_undone_by_one_that_did_not_find_it(
    site: Site, monkeypatch: pytest.MonkeyPatch, is_written_by_another: bool
) -> None:
    made, peer = drafted(site, PROFILE), dual(site, PROFILE, **QUICK)

    def meanwhile() -> None:
        if is_written_by_another:
            legacy.append(made.file(), message_id="theirs", message_subject="s", message_text="t")
        lock_of(made.file()).touch()
        assert peer.chain.apply(edit("of the database")).stores["cif"] == "behind"
        lock_of(made.file()).unlink()

    first_call(made.services.stores.cif, "write", monkeypatch, meanwhile)
    made.chain.apply(edit("of the file"))

    standing = [m.message_text for m in made.chain.read(DEP).correspondence.messages if m.message_id == "m1"]
    assert standing == ["of the database"]
    assert made.is_equal()
    assert texts(noted(site)) == [("of the database", "of the file")]
    assert len(logged_conflicts(site)) == 1
