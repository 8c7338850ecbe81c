"""What a file certainly held counts as lost where it is gone, though a copy that nobody could write to says otherwise."""

import pytest
from support.dual import DEP, QUICK, away, drafted, dual, edit
from support.forked import killed
from support.site import DUAL, Site

from service.changes import MarkRead
from service.storage.cif import files
from service.storage.pending import Pending

SENT = edit("sent", send_status="Y")


@pytest.mark.parametrize("profile", DUAL)
def test_an_old_copy_that_lacks_what_a_repeat_found_is_known_for_one(
    site: Site, profile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = drafted(site, profile)
    made.append("m2")
    made.read()
    old = made.old_copy()
    made.chain.apply(SENT)
    killed(lambda: dual(site, profile, **QUICK).chain.apply(MarkRead(DEP, "m2")), files, "replace")
    monkeypatch.setattr(Pending, "tell_written", lambda *_: None)  # the dead one ran as another user
    with away(made):
        made.chain.apply(MarkRead(DEP, "m2"))
        assert made.chain.apply(MarkRead(DEP, "m2")).delta.repeated

    made.put_back(old)

    assert [m.message_text for m in made.chain.read(DEP).correspondence.messages] == ["sent", "text"]
    assert made.is_equal()
