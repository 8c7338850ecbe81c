"""Another program may have put two messages under one id into two files: a change of one leaves the other as it is."""

from dataclasses import replace

import pytest
from support.dual import DEP, Dual, away, dual, noted
from support.site import PROFILES, Site

from service.changes import Amend, AppendMessage, EditDraft
from service.messages import FileReference, Message
from service.vocabulary import FROM_DEPOSITOR, TO_DEPOSITOR


@pytest.fixture(params=PROFILES)
def chained(request: pytest.FixtureRequest, site: Site) -> Dual:
    """A profile's chain over two drafts of one id, which both stores hold."""
    made = dual(site, "dual-write-cif-read")
    made.append("m1", "answer", send_status="N")
    copy = made.old_copy().replace(b"answer", b"question")
    site.file(DEP, FROM_DEPOSITOR).write_bytes(copy)
    made.read()
    assert texts(made) == {TO_DEPOSITOR: "answer", FROM_DEPOSITOR: "question"}
    return dual(site, request.param)


def texts(chained: Dual) -> dict[str, str | None]:
    """Give the text of each message of the deposition by its file."""
    return {m.content_type: m.message_text for m in chained.chain.read(DEP).correspondence.messages}


def both_are_found(chained: Dual) -> bool:
    """Tell whether a sync leaves both stores equal, without a conflict."""
    under_both = dual(chained.site, "dual-write-db-read")
    under_both.read()
    return under_both.is_equal() and noted(chained.site) == []


@pytest.mark.parametrize("content_type", [TO_DEPOSITOR, FROM_DEPOSITOR])
def test_an_edit_of_one_keeps_the_fields_of_the_other_out(chained: Dual, content_type: str) -> None:
    before = texts(chained)
    chained.chain.apply(EditDraft(DEP, content_type, "m1", "2026-02-02 02:02:02", {"message_subject": "new"}))
    assert texts(chained) == before
    subjects = {m.content_type: m.message_subject for m in chained.chain.read(DEP).correspondence.messages}
    assert [c for c, subject in subjects.items() if subject == "new"] == [content_type]
    assert both_are_found(chained)


@pytest.mark.parametrize("content_type", [TO_DEPOSITOR, FROM_DEPOSITOR])
def test_a_row_amended_with_a_file_is_the_one_of_its_own_file(chained: Dual, content_type: str) -> None:
    seen = next(m for m in chained.chain.read(DEP).correspondence.messages if m.content_type == content_type)
    new = Message(**{n: getattr(seen, n) for n in seen.__slots__} | {"message_text": "amended"})
    file = FileReference(None, "m1", DEP, "model", "pdbx", "1", "1", "archive")
    chained.chain.apply(Amend(DEP, new, seen, (file,)))
    assert texts(chained) == {TO_DEPOSITOR: "answer", FROM_DEPOSITOR: "question"} | {content_type: "amended"}
    found = chained.chain.read(DEP).correspondence
    assert len(found.references("m1", content_type)) == len(found.references("m1")) == 1
    assert both_are_found(chained)


def test_each_shows_the_files_of_its_own_alone(chained: Dual, site: Site) -> None:
    rows = {m.content_type: m for m in chained.chain.read(DEP).correspondence.messages}
    for content_type, row in rows.items():
        chained.chain.apply(
            Amend(DEP, row, row, (FileReference(None, "m1", DEP, content_type, "pdbx", "1", "1", "archive"),))
        )
    client = site.client(site.app(chained.services.settings.profile.name))

    listed = (client.get(f"/api/v1/depositions/{DEP}/messages").json or {})["messages"]
    recent = (client.get("/api/v1/messages/recent?days=36500").json or {})["messages"]
    one = client.get(f"/api/v1/depositions/{DEP}/messages/m1").json or {}

    assert {m["content_type"]: [f["content_type"] for f in m["files"]] for m in listed} == {c: [c] for c in rows}
    assert sorted(f["content_type"] for m in recent for f in m["file_attachments"]) == sorted(rows)
    assert [len(m["file_attachments"]) for m in recent] == [1, 1]
    assert [f["content_type"] for f in one["files"]] == [one["content_type"]]


def test_a_file_beside_no_message_is_shown_with_the_one_of_its_id(chained: Dual, site: Site) -> None:
    stray = FileReference(None, "m2", DEP, "model", "pdbx", "1", "1", "archive")
    m2 = Message(FROM_DEPOSITOR, None, "m2", DEP, "2026-01-02 03:04:05", message_text="text")
    chained.chain.apply(AppendMessage(DEP, m2))
    store = dual(site, "dual-write-cif-read")
    before = store.services.stores.cif.snapshot(DEP)
    section = before.correspondence.section(TO_DEPOSITOR)
    strayed = replace(section, files=(stray,))
    store.services.stores.cif.put(DEP, strayed, str(before.signatures[TO_DEPOSITOR]), None)
    store.read()
    client = site.client(site.app(chained.services.settings.profile.name))

    one = client.get(f"/api/v1/depositions/{DEP}/messages/m2").json or {}
    recent = (client.get("/api/v1/messages/recent?days=36500").json or {})["messages"]

    assert [f["content_type"] for f in one["files"]] == ["model"]
    assert [m["message_id"] for m in recent if m["file_attachments"]] == ["m2"]


@pytest.mark.parametrize("content_type", [TO_DEPOSITOR, FROM_DEPOSITOR])
def test_a_repeat_of_either_is_one(chained: Dual, content_type: str) -> None:
    stored = next(m for m in chained.chain.read(DEP).correspondence.messages if m.content_type == content_type)
    assert chained.chain.apply(AppendMessage(DEP, stored)).delta.repeated
    assert both_are_found(chained)


@pytest.mark.parametrize("chained", ["dual-write-cif-read", "dual-write-db-read"], indirect=True)
def test_edits_of_both_in_an_outage_are_two_edits(chained: Dual) -> None:
    with away(chained):
        for content_type in (FROM_DEPOSITOR, TO_DEPOSITOR):
            edit = EditDraft(DEP, content_type, "m1", "2026-02-02 02:02:02", {"message_text": f"sent {content_type}"})
            assert chained.chain.apply(edit).stores["database"] == "behind"
        assert texts(chained) == {c: f"sent {c}" for c in (TO_DEPOSITOR, FROM_DEPOSITOR)}
    assert texts(chained) == {c: f"sent {c}" for c in (TO_DEPOSITOR, FROM_DEPOSITOR)}
    assert both_are_found(chained)
