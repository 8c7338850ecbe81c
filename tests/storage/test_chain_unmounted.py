"""While the files are away the database answers with what waits for it, whoever brings that in meanwhile."""

import pytest
from support.dual import QUICK, away, drafted, dual, first_call
from support.site import Site


def test_what_another_worker_brings_in_during_a_read_without_files_is_answered(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = drafted(site, "dual-write-db-read")
    with away(made):
        made.append("m2")
    unmounted = site.archive.rename(site.root / "unmounted")
    first_call(made.services.stores.cif, "snapshot", monkeypatch, dual(site, "db-only", **QUICK).read)

    assert made.read() == ["m1", "m2"]

    unmounted.rename(site.archive)
    assert made.read() == ["m1", "m2"]
    assert made.is_equal()
