"""Whatever rows a sync or an import writes, the version moves: clients and other syncs know a deposition by it."""

import pytest
from support import legacy
from support.command import msgmodule
from support.dual import DEP, Dual, drafted
from support.site import DEPOSITION, DUAL, Site


def version(made: Dual) -> int:
    state = made.services.stores.database.state(DEP)
    assert state is not None
    return state.version


@pytest.mark.parametrize("profile", DUAL)
def test_a_row_that_a_sync_brings_in_moves_the_version(site: Site, profile: str) -> None:
    made = drafted(site, profile)
    before = version(made)
    legacy.append(made.file(), message_id="theirs", message_subject="s", message_text="t")
    assert made.read() == ["m1", "theirs"]
    assert version(made) > before
    before = version(made)
    made.put_back(made.old_copy().replace(b"draft", b"other"))
    made.read()
    assert version(made) > before


def test_what_an_import_brings_in_has_another_version_than_what_is_not_there(legacy_site: Site) -> None:
    assert msgmodule(legacy_site, "import", "--all", profile="dual-write-cif-read").returncode == 0
    state = legacy_site.services("db-only").stores.database.state(DEPOSITION)
    assert state is not None
    assert state.version > 0
