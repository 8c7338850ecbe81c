"""The shortest ways in which the model breaks without one of its rules, walked over real stores."""

from collections.abc import Callable
from typing import Any

import pytest
from support import legacy
from support.dual import Dual, dual
from support.site import DUAL, Site
from support.world import dying

from service.errors import DatabaseUnavailable
from service.storage.cif.lock import lock_of


@pytest.fixture(params=DUAL)
def both(request: pytest.FixtureRequest, site: Site) -> Dual:
    made = dual(site, request.param, MSGMODULE_LOCK_TIMEOUT="0.2")
    made.append("before")
    made.read()
    assert made.is_equal()
    return made


def crossed(owner: object, name: str, patch: pytest.MonkeyPatch, before: Callable[[], object]) -> None:
    """Let something happen just before the first call of a method."""
    method = getattr(owner, name)

    def call(*given: Any) -> Any:
        patch.setattr(owner, name, method)
        before()
        return method(*given)

    patch.setattr(owner, name, call)


def assert_holds(both: Dual, *message_ids: str) -> None:
    assert sorted(map(str, both.read())) == sorted(message_ids)
    assert sorted(str(m.message_id) for m in both.in_files().messages) == sorted(message_ids)
    assert both.is_equal()


def test_cas_a_writer_overtaken_on_the_way_to_the_database_hides_nothing(
    both: Dual, monkeypatch: pytest.MonkeyPatch
) -> None:
    def second_writer_dies() -> None:
        with dying(both.services.stores.database, "record"):
            both.append("dead")

    cif = both.services.stores.cif
    crossed(cif, "write", monkeypatch, second_writer_dies)
    both.append("acknowledged")

    assert_holds(both, "before", "dead", "acknowledged")


def test_inv_a_row_that_an_old_copy_erased_before_it_was_recorded_is_restored(
    both: Dual, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = both.old_copy()

    def old_copy_and_sync() -> None:
        both.put_back(old)
        legacy.append(both.file(), message_id="L", message_subject="s", message_text="t")
        both.read()

    crossed(both.services.stores.database, "record", monkeypatch, old_copy_and_sync)
    both.append("acknowledged")

    assert_holds(both, "before", "L", "acknowledged")


def test_ver_a_change_that_comes_during_a_sync_is_not_taken_for_synced(both: Dual, monkeypatch: pytest.MonkeyPatch) -> None:
    legacy.append(both.file(), message_id="L", message_subject="s", message_text="t")
    database = both.services.stores.database
    other = dual(both.site, "db-only")
    crossed(database, "bring", monkeypatch, lambda: other.append("acknowledged"))
    both.read()

    assert_holds(both, "before", "L", "acknowledged")


def test_pend_a_row_that_only_the_file_had_survives_an_old_copy(both: Dual, monkeypatch: pytest.MonkeyPatch) -> None:
    old = both.old_copy()

    def down(*_: object) -> None:
        raise DatabaseUnavailable("the database does not answer")

    with monkeypatch.context() as patch:
        for name in ("state", "snapshot", "record", "bring", "apply"):
            patch.setattr(both.services.stores.database, name, down)
        assert both.append("acknowledged").stores == {"cif": "written", "database": "behind"}
        both.put_back(old)
        assert both.read() == ["before", "acknowledged"]

    assert_holds(both, "before", "acknowledged")
    assert both.kept("pending") == []


def test_a_foreign_lock_during_a_sync_delays_the_file_and_nothing_else(both: Dual) -> None:
    old = both.old_copy()
    both.append("acknowledged")
    both.put_back(old)
    lock = lock_of(both.file())
    lock.touch()

    assert both.read() == ["before", "acknowledged"]
    assert both.old_copy() == old

    lock.unlink()
    assert_holds(both, "before", "acknowledged")
