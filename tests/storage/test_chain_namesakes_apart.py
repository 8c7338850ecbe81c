"""Messages of one id that stand at different places of two files: a change finds the place in its own file."""

import pytest
from support import legacy
from support.dual import DEP, QUICK, drafted, dual, noted
from support.site import PROFILES, Site

from service.changes import AppendMessage, EditDraft
from service.messages import Message
from service.vocabulary import FROM_DEPOSITOR, TO_DEPOSITOR


@pytest.mark.parametrize("profile", PROFILES)
def test_an_edit_writes_over_no_other_message_of_its_file(site: Site, profile: str) -> None:
    made = drafted(site, "dual-write-cif-read")
    first = Message(FROM_DEPOSITOR, None, "first", DEP, "2026-01-02 03:04:05", message_text="first")
    made.chain.apply(AppendMessage(DEP, first))
    legacy.append(
        site.file(DEP, FROM_DEPOSITOR), message_id="m1", message_subject="s", message_text="question", send_status="N"
    )
    made.read()
    assert made.is_equal()

    chained = dual(site, profile, **QUICK)
    chained.chain.apply(EditDraft(DEP, FROM_DEPOSITOR, "m1", "2026-02-02 02:02:02", {"message_text": "edited"}))

    found = chained.chain.read(DEP).correspondence
    assert [m.message_text for m in found.section(FROM_DEPOSITOR).messages] == ["first", "edited"]
    assert [m.message_text for m in found.section(TO_DEPOSITOR).messages] == ["draft"]
    made.read()
    assert made.is_equal()
    assert noted(site) == []
