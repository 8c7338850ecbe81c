"""The rules of the dual write over real stores: foreign writes, old copies, writers that die, changes that cross."""

import pytest
from support import legacy
from support.dual import DEP, Dual, dual, first_call
from support.site import DUAL, Site

from service.changes import AppendMessage, EditDraft, Tag
from service.errors import FileUnavailable
from service.messages import Message
from service.storage.cif.lock import lock_of
from service.vocabulary import NOTES, TO_DEPOSITOR


@pytest.fixture(params=DUAL)
def both(request: pytest.FixtureRequest, site: Site) -> Dual:
    return dual(site, request.param)


def written(both: Dual, message_id: str) -> object:
    """Write the file alone, as a writer that dies before it reaches the database."""
    message = Message(TO_DEPOSITOR, None, message_id, DEP, "2026-01-02 03:04:05", message_text="x")
    return both.services.stores.cif.write(AppendMessage(DEP, message))


def test_a_write_reaches_both_stores_and_is_recorded(both: Dual) -> None:
    both.append("m1")
    both.read()
    outcome = both.append("m2")

    assert outcome.stores == {"cif": "written", "database": "written"}
    assert both.is_equal()
    assert both.kept("pending") == both.kept("cif-behind") == []


def test_the_first_message_of_a_deposition_is_in_both_stores_and_nothing_waits(both: Dual) -> None:
    assert both.append("m1").stores == {"cif": "written", "database": "written"}

    assert both.is_equal()
    assert both.kept("pending") == both.kept("cif-behind") == []


def test_the_first_messages_of_two_files_at_once_are_in_both_stores_and_nothing_waits(
    both: Dual, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = Message(NOTES, None, "n1", DEP, "2026-01-02 03:04:05", message_text="x")
    first_call(both.services.stores.database, "record", monkeypatch, lambda: both.chain.apply(AppendMessage(DEP, note)))

    both.append("m1")

    assert both.is_equal()
    assert both.kept("pending") == []


def test_a_file_that_a_legacy_program_begins_beside_the_first_message_is_found(
    both: Dual, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begin() -> None:
        both.site.file(DEP, NOTES).write_bytes(both.old_copy().replace(b"m1", b"L1"))

    first_call(both.services.stores.database, "record", monkeypatch, begin)

    both.append("m1")

    assert not both.is_equal()
    assert sorted(map(str, both.read())) == ["L1", "m1"]
    assert both.is_equal()


def test_a_message_of_a_legacy_program_is_answered_at_the_next_read_and_is_in_the_database(both: Dual) -> None:
    both.append("m1")
    legacy.append(both.file(), message_id="L1", message_subject="s", message_text="t")

    assert both.read() == ["m1", "L1"]
    assert both.is_equal()


def test_what_an_old_copy_erased_is_back_before_the_answer_and_counted(both: Dual) -> None:
    both.append("m1")
    old = both.old_copy()
    both.append("m2")
    both.put_back(old)

    assert both.read() == ["m1", "m2"]
    assert both.is_equal()
    assert b"messaging_healed_rows_total 1.0" in both.services.metrics.exposition()


def test_an_old_copy_with_a_new_row_loses_neither(both: Dual) -> None:
    both.append("m1")
    old = both.old_copy()
    both.append("m2")
    both.put_back(old)
    legacy.append(both.file(), message_id="L1", message_subject="s", message_text="t")

    assert sorted(map(str, both.read())) == ["L1", "m1", "m2"]
    assert both.is_equal()
    ordinals = [m.ordinal_id for m in both.in_files().messages]
    assert sorted(ordinals, key=str) == ["1", "2", "3"]


def test_a_writer_that_died_between_the_stores_is_healed_at_the_next_read(both: Dual) -> None:
    both.append("m1")
    written(both, "m2")

    assert both.read() == ["m1", "m2"]
    assert both.is_equal()


def test_the_repeat_of_a_write_whose_writer_died_is_the_same_message(both: Dual) -> None:
    both.append("m1")
    written(both, "m2")

    outcome = both.append("m2", "x")

    assert outcome.delta.repeated
    assert both.is_equal()
    assert both.read() == ["m1", "m2"]


def test_two_writers_that_commit_in_the_other_order_make_the_signature_unknown(both: Dual) -> None:
    both.append("m0")
    both.read()
    stores = both.services.stores
    first, second = (
        stores.cif.write(AppendMessage(DEP, Message(TO_DEPOSITOR, None, key, DEP, "2026-01-02 03:04:05"))) for key in "ab"
    )

    stores.database.record(DEP, second)
    state = stores.database.state(DEP)
    assert state is not None
    assert state.signatures[TO_DEPOSITOR] is None, "the rule CAS: recorded was not what the second writer had found"
    stores.database.record(DEP, first)

    assert both.read() == ["m0", "a", "b"]
    assert both.is_equal()


def test_a_sync_records_no_signature_when_a_change_came_meanwhile(both: Dual) -> None:
    both.append("m0")
    stores = both.services.stores
    found = stores.cif.snapshot(DEP)
    late = stores.cif.write(AppendMessage(DEP, Message(TO_DEPOSITOR, None, "late", DEP, "2026-01-02 03:04:05")))
    stores.database.record(DEP, late)
    files = {s.content_type: (s, str(found.signatures[s.content_type])) for s in found.correspondence.sections}

    stores.database.bring(DEP, files, lambda now: (now.correspondence, ()))

    state = stores.database.state(DEP)
    assert state is not None
    assert state.signatures[TO_DEPOSITOR] is None, "the rule VER: the file that was read lacks the late message"
    assert sorted(map(str, both.read())) == ["late", "m0"]
    assert both.is_equal()


def test_a_change_made_without_the_files_outlives_the_sync_of_a_worker_in_the_profile_before(site: Site) -> None:
    files_answer, database_answers = (dual(site, profile, MSGMODULE_LOCK_TIMEOUT="0.1") for profile in DUAL)
    database_answers.append("m1", send_status="N")
    database_answers.read()
    lock = lock_of(database_answers.file())
    lock.touch()
    edit = EditDraft(DEP, TO_DEPOSITOR, "m1", "2026-02-02 02:02:02", {"message_text": "behind the lock"})
    assert database_answers.chain.apply(edit).stores == {"cif": "behind", "database": "written"}
    for _ in range(2):
        with pytest.raises(FileUnavailable):
            files_answer.append("m2")
    lock.unlink()
    message = files_answer.chain.read(DEP).correspondence.message("m1")
    assert message is not None
    assert message.message_text == "behind the lock"
    assert database_answers.is_equal()


def test_a_status_set_by_a_legacy_program_wins_over_the_recorded_one(both: Dual) -> None:
    both.append("m1")
    both.chain.apply(Tag(DEP, "m1", "Y", "Y", "N"))
    message_io = legacy.opened(both.file())
    assert message_io.update("pdbx_deposition_message_status", "action_reqd", "N", 0)
    assert message_io.write(str(both.file()))

    status = both.chain.read(DEP).correspondence.status("m1")

    assert status is not None
    assert status.action_reqd == "N"
    assert both.is_equal()
