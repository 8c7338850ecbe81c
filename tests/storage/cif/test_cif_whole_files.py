"""What the legacy class reads whole is read, and written to, without delay; a hand may have been at the file."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support import legacy
from support.site import DEPOSITION, make_site
from support.site import Site as Tree

from service.changes import AppendMessage
from service.errors import DamagedFile
from service.messages import Message
from service.storage.base import Observer
from service.storage.cif.document import FRAME
from service.storage.cif.lock import Locks
from service.storage.cif.paths import Site
from service.storage.cif.store import CifStore
from service.vocabulary import TO_DEPOSITOR

OLD = (1_700_000_000, 1_700_000_000)
BOM = b"\xef\xbb\xbf"
FORMS: dict[str, Callable[[bytes], bytes]] = {
    "blank lines between": lambda whole: whole.replace(b"# \n", b"# \n\n"),
    "blank lines at the end": lambda whole: whole + b"\n\n",
    "comment at the end": lambda whole: whole + b"# checked by J. Doe\n",
    "comment without a line end": lambda whole: whole + b"# checked",
    "comment in the header": lambda whole: whole.replace(FRAME, b"data_messages\n# note\n# \n"),
    "no line end": lambda whole: whole[:-1],
    "no blank, no line end": lambda whole: whole[:-2],
    "no blank behind any #": lambda whole: whole.replace(b"\n# \n", b"\n#\n"),
    "indented #": lambda whole: whole[:-3] + b"  # \n",
    "second block": lambda whole: whole + b"data_two\n_a.b 1\n",
    "second block of a legacy program": lambda whole: whole + b"data_two\n# \n_a.b 1\n# \n",
    "foreign pairs that stand apart": lambda whole: whole + b"_a.x 1\n_b.y 2\n_a.z 3\n# \n",
    "save frame in a second block": lambda whole: whole + b"data_two\nsave_frame\n_a.b 1\nsave_\n",
    "BOM": lambda whole: BOM + whole,
    "CRLF": lambda whole: whole.replace(b"\n", b"\r\n"),
    "comment before": lambda whole: b"# made by hand\n" + whole,
    "name alone": lambda _: b"data_messages\n",
    "name without a line end": lambda _: b"data_messages",
    "header without a line end": lambda _: b"data_messages\n#",
    "blank line behind the header": lambda _: FRAME + b"\n",
}
#: Forms in which a cut goes unseen, for nothing closes what comes last, and those with nothing to cut.
UNCLOSED = {f for f in FORMS if f.startswith(("second", "save", "name", "header", "blank line behind"))}
CATEGORIES = (
    "pdbx_deposition_message_info",
    "pdbx_deposition_message_file_reference",
    "pdbx_deposition_message_origcomm_reference",
    "pdbx_deposition_message_status",
)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return make_site(tmp_path, "", legacy=True)


def _store(tree: Tree) -> CifStore:
    return CifStore(Site(tree.root / "data"), Locks(tree.root / "state", 1, Observer()), create=True, observer=Observer())


def _append(message_id: str) -> AppendMessage:
    message = Message(TO_DEPOSITOR, None, message_id, DEPOSITION, "2026-01-02 03:04:05", message_text="text")
    return AppendMessage(DEPOSITION, message)


def _ids(path: Path) -> list[list[str]]:
    return [[row["message_id"] for row in legacy.rows(path, category)] for category in CATEGORIES]


@pytest.mark.parametrize("form", FORMS)
def test_a_whole_file_of_any_form_is_read_at_once_and_takes_a_message(
    tree: Tree, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    path = tree.file(DEPOSITION)
    path.write_bytes(FORMS[form](path.read_bytes()))
    by_legacy = _ids(path)
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("a whole file is waited for"))

    found = _store(tree).read(DEPOSITION).correspondence.section(TO_DEPOSITOR)
    _store(tree).apply(_append("new-id"))

    assert [[row.message_id for row in rows] for _, rows in found.categories()] == by_legacy
    by_legacy[0].append("new-id")
    assert _ids(path) == by_legacy


@pytest.mark.parametrize(
    "form", [f for f in FORMS if not f.startswith(("second", "save", "name", "header", "blank line behind"))]
)
def test_a_cut_file_of_any_form_is_refused_unless_each_category_is_there_whole_or_not_at_all(tree: Tree, form: str) -> None:
    path = tree.file(DEPOSITION)
    path.write_bytes(FORMS[form](path.read_bytes()))
    whole, wanted, refused = path.read_bytes(), _ids(path), 0
    lines = [n for n in range(30, len(whole)) if whole[n : n + 1] == b"\n"]
    for cut in (c for n in lines[::4] for c in (n, n + 1)):
        path.write_bytes(whole[:cut])
        os.utime(path, OLD)
        try:
            found = _store(tree).read(DEPOSITION).correspondence.section(TO_DEPOSITOR)
        except DamagedFile:
            refused += 1
            continue
        for (_, rows), all_rows in zip(found.categories(), wanted, strict=True):
            assert [row.message_id for row in rows] in ([], all_rows)
    assert refused > 60
