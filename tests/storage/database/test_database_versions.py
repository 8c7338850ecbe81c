"""The version of a deposition: it moves with every change, and with nothing else."""

from pathlib import Path

from support.contract import message
from support.dual import DEP
from support.site import make_site

from service.changes import AppendMessage


def test_a_repeat_does_not_count_as_a_change(tmp_path: Path, database_url: str) -> None:
    site = make_site(tmp_path, database_url)
    site.initialise()
    store = site.services("db-only").stores.database
    sent = AppendMessage(DEP, message(DEP, "m"))
    store.apply(sent)
    first = store.read(DEP).tag
    assert store.apply(sent).delta.repeated
    assert store.read(DEP).tag == first
    store.apply(AppendMessage(DEP, message(DEP, "n")))
    assert store.read(DEP).tag != first
