"""A repeat is acknowledged for a first try that may have died: it is kept unless the database says that it has that."""

import pytest
from support import legacy
from support.dual import DEP, QUICK, away, drafted, dual, first_call, logged_conflicts
from support.site import DUAL, Site
from support.world import dying

from service.errors import DamagedFile, DatabaseRefused, DatabaseUnavailable, MessagingError, StaleAnswerRefused
from service.vocabulary import NOTES


@pytest.mark.parametrize("profile", DUAL)
@pytest.mark.parametrize("error", [DatabaseUnavailable, DatabaseRefused])
def test_a_repeat_of_what_a_dead_worker_wrote_after_the_look_outlives_an_old_copy(
    site: Site, profile: str, error: type[MessagingError]
) -> None:
    made, other = drafted(site, profile), dual(site, profile, **QUICK)
    old = made.old_copy()

    def first_try() -> None:
        with dying(other.services.stores.database, "record"):
            other.append("m2")

    def refused(*_: object) -> None:
        raise error("the database does not take it")

    with pytest.MonkeyPatch.context() as patch:
        first_call(made.services.stores.cif, "write", patch, first_try)
        patch.setattr(made.services.stores.database, "bring", refused)
        done = made.append("m2")
    assert done.delta.repeated
    assert done.stores["database"] == "behind"

    made.put_back(old)

    assert made.read() == ["m1", "m2"]
    assert made.is_equal()
    assert made.kept("pending") == []


@pytest.mark.parametrize("profile", DUAL)
@pytest.mark.parametrize("text", ["text", "other"])
def test_a_message_that_may_be_a_repeat_is_refused_while_nobody_can_tell(site: Site, profile: str, text: str) -> None:
    made = drafted(site, profile)
    dual(site, "db-only", **QUICK).append("m2")
    with away(made):
        with pytest.raises(StaleAnswerRefused):
            made.append("m2", text)
        made.append("m3", has_new_id=True)
    assert made.read() == ["m1", "m3", "m2"]
    assert made.is_equal()
    assert logged_conflicts(site) == []


@pytest.mark.parametrize("profile", DUAL)
def test_a_repeat_is_acknowledged_though_another_file_is_damaged(
    site: Site, profile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = drafted(site, profile)
    made.append("m2")
    made.read()
    old, notes = made.old_copy(), site.file(DEP, NOTES)

    def by_another() -> None:
        legacy.append(made.file(), message_id="theirs", message_subject="s", message_text="t")
        notes.write_bytes(old[:200])

    first_call(made.services.stores.cif, "write", monkeypatch, by_another)
    done = made.append("m2")

    assert done.delta.repeated
    assert done.stores == {"cif": "written", "database": "behind"}
    with pytest.raises(DamagedFile):
        made.read()
    notes.unlink()
    assert made.read() == ["m1", "m2", "theirs"]
