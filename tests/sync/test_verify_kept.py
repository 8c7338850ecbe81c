"""A verify beside changes that are kept: what stands in both stores is no difference, whatever a sync has still to tidy."""

from collections.abc import Callable

import pytest
from support.dual import DEP, Dual, away, dual, edit, first_call, verifier
from support.site import DUAL, Site

from service.changes import Amend
from service.messages import FileReference
from service.sync.verify import Outcome
from service.vocabulary import TO_DEPOSITOR

UNRECORDED = f"the {TO_DEPOSITOR} file is not the one that the database recorded"


@pytest.fixture(params=DUAL)
def both(request: pytest.FixtureRequest, site: Site) -> Dual:
    made = dual(site, request.param)
    made.append("m1", "draft", send_status="N")
    made.read()
    return made


def look(both: Dual) -> tuple[Outcome, tuple[str, ...]]:
    finding = verifier(both).look(DEP)
    return finding.outcome, finding.unsettled


@pytest.mark.parametrize(
    "change",
    [lambda both: both.append("m2"), lambda both: both.chain.apply(edit("edited"))],
    ids=["message", "edit"],
)
def test_a_change_that_another_program_crossed_is_no_difference_before_a_sync_has_tidied_up(
    both: Dual, change: Callable[[Dual], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other program wrote what it had read, after the look that the change begins with."""
    first_call(both.services.stores.cif, "write", monkeypatch, lambda: both.put_back(both.old_copy()))
    change(both)
    assert len(both.kept("pending")) == 1
    assert look(both) == (Outcome.EQUAL, ())
    both.read()
    assert both.kept("pending") == []
    assert look(both) == (Outcome.EQUAL, ())


def test_references_that_an_old_copy_took_before_the_database_had_them_are_a_difference(both: Dual) -> None:
    """The message that they belong to stands in both stores all the while."""
    old, message = both.old_copy(), both.in_files().messages[0]
    reference = FileReference(None, "m1", DEP, "model", "pdbx", "1", "1", "archive", "model.cif")
    with away(both):
        both.chain.apply(Amend(DEP, message, message, (reference,)))
    assert look(both)[0] is Outcome.DIFFERING
    both.put_back(old)
    assert look(both) == (Outcome.DIFFERING, (UNRECORDED, "changes are kept that the database lacks"))
    both.read()
    assert look(both) == (Outcome.EQUAL, ())
    assert [reference.upload_file_name for reference in both.in_files().references("m1")] == ["model.cif"]


def test_what_is_kept_and_cannot_be_read_fails_its_deposition(both: Dual) -> None:
    with away(both):
        both.append("m2")
    (kept,) = (both.site.root / "state" / "pending" / DEP).iterdir()
    kept.write_bytes(b"{")
    (finding,) = verifier(both).run([DEP])
    assert finding.outcome is Outcome.UNREADABLE
    assert str(kept) in str(finding.error)
