"""An import of what the database knows already, and a read of what it does not: what is told, and what ends it."""

import pytest
from support import legacy
from support.command import msgmodule
from support.dual import DEP, QUICK, away, dual
from support.site import DUAL, Site

from service.errors import DatabaseUnavailable, FileUnavailable
from service.sync.transfer import Importer


@pytest.mark.parametrize("profile", DUAL)
def test_a_database_that_goes_away_during_an_import_ends_it(site: Site, profile: str) -> None:
    both = dual(site, profile, **QUICK)
    both.append("m1")
    both.file().write_bytes(both.file().read_bytes() + b"# \n")
    stores = both.services.stores
    importer = Importer(stores.cif, stores.database, stores.sync(both.services.settings.profile), stores.state_dir)
    with away(both), pytest.raises(DatabaseUnavailable):
        list(importer.run([DEP]))


def test_an_odd_row_of_a_deposition_that_is_known_is_named(site: Site) -> None:
    dual(site, "dual-write-cif-read").append("m1")
    legacy.append(site.file(DEP), message_id="odd", message_subject="s", message_text="t", timestamp="late in May")
    done = msgmodule(site, "import", "--all")
    assert done.returncode == 0
    assert "message odd has no readable timestamp (late in May)" in done.stderr


def test_what_only_files_that_are_away_could_hold_is_no_answer_of_the_database(site: Site) -> None:
    both = dual(site, "dual-write-db-read", **QUICK)
    site.archive.rename(site.root / "unmounted")
    with pytest.raises(FileUnavailable):
        both.read()
