"""An old copy that comes between the look and the write of a change takes away nothing that the change is about."""

import pytest
from support.dual import DEP, drafted, edit, first_call
from support.site import DUAL, Site

from service.errors import NotFound


@pytest.mark.parametrize("profile", DUAL)
def test_a_message_that_an_old_copy_takes_away_before_it_is_edited_is_found(
    site: Site, profile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = drafted(site, profile)
    old = made.old_copy()
    made.append("m2", send_status="N")
    made.read()
    cif = made.services.stores.cif
    first_call(cif, "write", monkeypatch, lambda: made.put_back(old))

    made.chain.apply(edit("edited", "m2"))

    assert [m.message_text for m in made.chain.read(DEP).correspondence.messages] == ["draft", "edited"]
    assert made.is_equal()
    first_call(cif, "write", monkeypatch, lambda: made.put_back(old))
    with pytest.raises(NotFound):
        made.chain.apply(edit("edited", "m3"))
