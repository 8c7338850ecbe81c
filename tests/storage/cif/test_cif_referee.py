"""A row that mmcif would read otherwise than it was meant never reaches a file."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from support.site import Site as Tree

from service.changes import AppendMessage, Change, MarkRead
from service.errors import UnreadableRow
from service.messages import Message
from service.storage.base import OK, Observer
from service.storage.cif import rows, splice
from service.storage.cif.document import Layout
from service.storage.cif.lock import Locks
from service.storage.cif.paths import Site
from service.storage.cif.store import CifStore
from service.storage.cif.text import to_token
from service.vocabulary import TO_DEPOSITOR

DEP = "D_1000000001"


class Listener(Observer):
    """Keep how each write ended."""

    def __init__(self) -> None:
        self.writes: list[str] = []

    def operation(self, store: str, operation: str, outcome: str, seconds: float) -> None:
        if (store, operation) == ("cif", "write") and seconds >= 0:
            self.writes.append(outcome)


def _append(message_id: str, text: str) -> AppendMessage:
    return AppendMessage(DEP, Message(TO_DEPOSITOR, None, message_id, DEP, "2026-01-02 03:04:05", message_text=text))


def _raw(text: str | None) -> bytes:
    """Write a text as the legacy programs do: nothing is protected (reference section 17, K6)."""
    return f";{text}\n;".encode() if text and "\n" in text else to_token(text)


def _closing_early(text: str | None) -> bytes:
    """Write a text so that our own scanner reads it whole, but mmcif only its first line."""
    return to_token(text.replace("sep", "\u2028") if text else text).replace(b"&#8232;", "\u2028".encode())


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def store(tree: Tree, listener: Listener) -> CifStore:
    made = CifStore(Site(tree.root / "data"), Locks(tree.root / "state", 1, listener), create=True, observer=listener)
    made.apply(_append("m0", "first"))
    return made


@pytest.mark.parametrize("text", ["a\n;b", "a\n; b c\nd", "a\n;\n_x.y z\n;"])
def test_a_text_that_would_end_its_block_is_refused_and_nothing_is_written(
    store: CifStore, tree: Tree, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    before = tree.files()
    monkeypatch.setattr(rows, "to_token", _raw)

    with pytest.raises(UnreadableRow):
        store.apply(_append("m1", text))
    assert tree.files() == before


def test_a_row_that_is_read_differently_from_what_was_meant_is_refused_and_nothing_is_written(
    store: CifStore, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree.files()
    monkeypatch.setattr(rows, "to_token", _closing_early)

    with pytest.raises(UnreadableRow, match="read"):
        store.apply(_append("m1", "one sep two"))
    assert tree.files() == before


@pytest.mark.parametrize("change", [_append("m1", "second"), MarkRead(DEP, "m0")])
def test_a_row_that_is_lost_on_the_way_is_refused(
    store: CifStore, tree: Tree, monkeypatch: pytest.MonkeyPatch, change: Change
) -> None:
    before = tree.files()
    real = splice.category_text
    monkeypatch.setattr(splice, "category_text", lambda name, columns, rows: real(name, columns, [rows[0], *rows]))

    with pytest.raises(UnreadableRow):
        store.apply(change)
    assert tree.files() == before


@pytest.mark.parametrize("where", ["begin", "end"])
def test_a_row_that_would_run_into_what_stands_there_is_refused(
    store: CifStore, tree: Tree, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    store.apply(_append("m1", "text"))
    before, real = tree.files(), splice.edits

    def shifted(data: bytes, layout: Layout, put: splice.Put) -> Iterator[splice.Edit]:
        for edit in real(data, layout, put):
            at = edit.begin - 3 if where == "begin" else edit.end
            text = edit.text if where == "begin" else edit.text.rstrip()
            yield replace(edit, begin=at, end=at, text=text)

    monkeypatch.setattr(splice, "edits", shifted)

    with pytest.raises(UnreadableRow, match="runs into"):
        store.apply(_append("m2", "text"))
    assert tree.files() == before


@pytest.mark.parametrize("text", ["it's", '"', "a\n;b", "?", ".", "&amp;", "Å\u2028\xa0漢", "\x7f", "data_", None])
def test_a_row_that_is_written_lawfully_is_confirmed(store: CifStore, text: str | None) -> None:
    store.apply(replace(_append("m1", "x"), message=replace(_append("m1", "x").message, message_text=text, sender=text)))

    found = store.read(DEP).correspondence.message("m1")
    assert found is not None
    assert (found.message_text, found.sender) == (text, text)


def test_a_refused_row_is_not_counted_as_a_write_that_went_well(
    store: CifStore, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "to_token", _closing_early)
    assert listener.writes == [OK]

    with pytest.raises(UnreadableRow):
        store.apply(_append("m1", "one sep two"))
    assert listener.writes[1:] != [OK]


INFO = b"_pdbx_deposition_message_info."
PAIRS = INFO + b"ordinal_id 1\n#\n" + INFO + b"message_id m0\n" + INFO + b"send_status Y"


@pytest.mark.parametrize(
    "odd",
    [
        b"data_messages\n# \n" + PAIRS + b"\n# \n",
        b"data_messages\n" + PAIRS + b"\n",
        b"data_messages\n" + PAIRS + b" data_two\n_x.y 1\n",
    ],
    ids=["a bare comment between pairs", "and no frame", "a block that begins midway in a line"],
)
def test_an_odd_file_that_readers_take_is_changed_and_read_again(store: CifStore, tree: Tree, odd: bytes) -> None:
    tree.file(DEP).write_bytes(odd)

    store.apply(MarkRead(DEP, "m0"))
    store.apply(_append("m1", "second"))

    fresh = CifStore(Site(tree.root / "data"), Locks(tree.root / "state", 1, Observer()), create=True, observer=Observer())
    found = fresh.read(DEP).correspondence
    assert [m.message_id for m in found.messages] == ["m0", "m1"]
    assert found.status("m0") is not None
