"""What one change costs the server: few statements, and one commit."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import event
from support.contract import message
from support.dual import DEP
from support.site import Site, make_site

from service.changes import AppendMessage, Change, EditDraft, MarkRead
from service.messages import FileReference, OriginalCommunication
from service.storage.base import Applied
from service.storage.database.store import DatabaseStore
from service.vocabulary import CONTENT_TYPES, TO_DEPOSITOR

LETTER = AppendMessage(
    DEP,
    message(DEP, "m2", send_status="N"),
    tuple(FileReference(None, "m2", DEP, upload_file_name=f"f{n}") for n in range(5)),
    (OriginalCommunication(None, "m2", DEP, orig_sender="a@b.org"),),
)
CHANGES: dict[str, Change] = {
    "append": LETTER,
    "edit": EditDraft(DEP, TO_DEPOSITOR, "m1", "2026-02-02 02:02:02", {"message_text": "t"}),
    "read": MarkRead(DEP, "m1"),
}


@pytest.fixture
def store(tmp_path: Path, database_url: str) -> DatabaseStore:
    site: Site = make_site(tmp_path, database_url)
    site.initialise()
    store = site.services("db-only").stores.database._database
    store.write(AppendMessage(DEP, message(DEP, "m1", send_status="N")))
    return store


def counted(store: DatabaseStore, work: Callable[[], object]) -> tuple[int, int]:
    """Count the statements and the commits of a piece of work."""
    statements: list[str] = []
    commits: list[object] = []
    event.listen(store._reading, "before_cursor_execute", lambda *given: statements.append(given[2]))
    event.listen(store._reading, "commit", commits.append)
    work()
    return len([s for s in statements if not s.startswith("BEGIN")]), len(commits)


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_takes_at_most_eight_statements_and_one_commit(store: DatabaseStore, name: str) -> None:
    statements, commits = counted(store, lambda: store.write(CHANGES[name]))
    assert statements <= 8
    assert commits == 1


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_that_the_file_holds_takes_no_more(store: DatabaseStore, name: str) -> None:
    found = store.snapshot(DEP)
    assert found is not None
    delta = CHANGES[name].resolve(found.correspondence)
    statements, commits = counted(store, lambda: store.record(DEP, Applied(delta, None, "1-2-3-4")))
    assert statements <= 8
    assert commits == 1


def test_a_change_that_follows_what_is_recorded_finds_locks_and_records_in_one_statement(store: DatabaseStore) -> None:
    found = store.snapshot(DEP)
    assert found is not None
    files = {c: (found.correspondence.section(c), "1-2-3-4~") for c in CONTENT_TYPES}
    store.bring(DEP, files, lambda now: (now.correspondence, ()))
    delta = LETTER.resolve(found.correspondence)
    statements, _ = counted(store, lambda: store.record(DEP, Applied(delta, "1-2-3-4", "1-2-3-5")))
    assert statements == 5  # the row, what stands there, and one for each of three categories
    state = store.state(DEP)
    assert state is not None
    assert state.signatures[TO_DEPOSITOR] == "1-2-3-5"
