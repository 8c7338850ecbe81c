"""What an import has brought in is written on: new rows come behind it and are numbered on, by whichever store."""

import pytest
from support.command import msgmodule
from support.site import DEPOSITION, PROFILES, Site

from service.changes import AppendMessage
from service.messages import FileReference, Message, OriginalCommunication
from service.vocabulary import TO_DEPOSITOR


@pytest.mark.parametrize("profile", PROFILES[1:])
def test_rows_behind_an_import_are_numbered_on(legacy_site: Site, profile: str) -> None:
    assert msgmodule(legacy_site, "import", "--all", profile="dual-write-cif-read").returncode == 0
    services = legacy_site.services(profile)
    before = services.stores.database.read(DEPOSITION).correspondence.section(TO_DEPOSITOR)
    change = AppendMessage(
        DEPOSITION,
        Message(TO_DEPOSITOR, None, "new", DEPOSITION, "2026-01-02 03:04:05", message_text="text"),
        (FileReference(None, "new", DEPOSITION, "model", "pdbx", "1", "1", "archive"),),
        (OriginalCommunication(None, "new", DEPOSITION, orig_sender="me@example.org"),),
    )
    services.stores.chain(services.settings.profile).apply(change)
    after = services.stores.database.read(DEPOSITION).correspondence.section(TO_DEPOSITOR)
    assert before.messages
    assert before.files
    for (_, old), (_, new) in zip(before.categories(), after.categories(), strict=True):
        assert new[: len(old)] == old
    for old, new in ((before.messages, after.messages), (before.files, after.files), (before.originals, after.originals)):
        assert [row.ordinal_id for row in new[len(old) :]] == [str(len(old) + 1)]
