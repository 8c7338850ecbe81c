"""The difference that a change makes to a real file is its own rows and nothing else, byte for byte."""

from collections.abc import Set
from pathlib import Path

import pytest
from support.site import LEGACY, make_site

from service.backup.content import content_type
from service.changes import AppendMessage, Change, EditDraft, MarkRead, Tag
from service.messages import FileReference, Message, OriginalCommunication
from service.storage.base import Observer
from service.storage.cif.document import CLOSING, Table, line_end, row_matches
from service.storage.cif.lock import Locks
from service.storage.cif.paths import Site
from service.storage.cif.scanner import scan
from service.storage.cif.store import CifStore
from service.storage.cif.text import from_token

SAMPLES = [p for p in sorted(LEGACY.rglob("*.cif.V1")) if p.stat().st_size]


def _append(dep: str, content_type: str, message_id: str) -> AppendMessage:
    message = Message(
        content_type, None, message_id, dep, "2026-01-02 03:04:05", "x", message_subject="it's",
        message_text="a\n;b & Å", send_status="N",
    )  # fmt: skip
    files = tuple(FileReference(None, message_id, dep, "model", f, "1", "2") for f in ("pdbx", "pdb"))
    return AppendMessage(dep, message, files, (OriginalCommunication(None, message_id, dep, orig_sender="a@b.c"),))


def _changes(dep: str, content_type: str) -> list[Change]:
    """Give one change of each kind; those of a status are about the draft that the append before them made."""
    edits = {"message_subject": "other", "message_text": "new\ntext", "send_status": "Y"}
    return [
        _append(dep, content_type, "new"),
        EditDraft(dep, content_type, "draft", "2026-02-03 04:05:06", edits),
        MarkRead(dep, "draft"),
        Tag(dep, "draft", "N", "N", "Y"),
    ]


def _left_out(data: bytes, message_id: str, whole: Set[str]) -> bytes:
    """Leave out the rows of a message, and some categories with the line that closes them."""
    spans = []
    for name, table in scan(data).tables.items():
        if name in whole:
            closing = len(CLOSING) if data.startswith(CLOSING, table.end) else 0
            spans.append((table.begin, table.end + closing))
        elif "message_id" in table.attributes:
            group, width = table.attributes.index("message_id") + 1, len(table.attributes)
            rows = (m for m in row_matches(data, table) if from_token(m[group]) == message_id)
            spans += [(m.start(1), line_end(data, m.end(width))) for m in rows]
    for begin, end in sorted(spans, reverse=True):
        data = data[:begin] + data[end:]
    return data


def _text(data: bytes, table: Table) -> bytes:
    return data[table.begin : table.end]


@pytest.mark.parametrize("kind", range(4), ids=["append", "edit", "mark read", "tag"])
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda p: p.name)
def test_a_change_of_a_real_file_shows_its_own_rows_alone(tmp_path: Path, sample: Path, kind: int) -> None:
    tree = make_site(tmp_path, "", legacy=True)
    site = Site(tree.root / "data")
    store = CifStore(site, Locks(tmp_path / "state", 1, Observer()), create=True, observer=Observer())
    dep = sample.parent.name
    store.apply(_append(dep, content_type(sample), "draft"))
    change = _changes(dep, content_type(sample))[kind]
    path = tree.file(dep, change.content_type)
    old = path.read_bytes() if path.exists() else b""

    store.apply(change)

    new, message_id = path.read_bytes(), "new" if kind == 0 else "draft"
    before, after = scan(old).tables, scan(new).tables
    untouched = {n for n in before if before[n].is_loop or _text(old, before[n]) == _text(new, after[n])}
    remade = after.keys() - untouched
    assert new != old
    assert _left_out(new, message_id, remade) == _left_out(old, message_id, remade)
