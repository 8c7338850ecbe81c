"""What the legacy class reads: upstream's answers, under every profile, except where a defect is named."""

import html
import io
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from mmcif_utils.message.PdbxMessageIo import PdbxMessageIo as Upstream
from support.site import DEPOSITION, LEGACY

from service.errors import DamagedFile
from service.messages import CATEGORIES
from service.vocabulary import CONTENT_TYPES

INFO, FILES, ORIGINALS, STATUS = CATEGORIES
SAMPLES = [(c, d) for d in (DEPOSITION, "D_9000277853") for c in CONTENT_TYPES]
READERS = ("getMessageInfo", "getFileReferenceInfo", "getOrigCommReferenceInfo", "getMsgStatusInfo")


def sample(content_type: str, deposition: str) -> Any:
    """Give upstream's object over a copy of a sample: it writes logs beside what it reads."""
    made = Upstream(verbose=False, log=io.StringIO())
    name = f"{deposition}_{content_type}_P1.cif.V1"
    with TemporaryDirectory() as folder:
        made.read(str(shutil.copy(LEGACY / "archive" / deposition / name, folder)))
    return made


def decoded(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{name: html.unescape(value) for name, value in row.items()} for row in rows]


def test_every_sample_is_read_as_upstream_reads_it(side: Any) -> None:
    for which in SAMPLES:
        compare(side, which)


def compare(side: Any, which: tuple[str, str]) -> None:
    read, expected = side.make(), sample(*which)
    if not read.read(side.path(*which)):
        with pytest.raises(ValueError, match=r"^.*$"):
            expected.getMessageInfo()
        return
    for name in READERS:
        assert decoded(getattr(read, name)()) == decoded(getattr(expected, name)()), name
    for category in CATEGORIES:
        assert read.getRowCount(category) == expected.getRowCount(category)
        assert [list(row) for row in read.getItemDictList(category)] == [
            list(row) for row in expected.getItemDictList(category)
        ]
    assert read.getCategory()[0] == expected.getCategory()[0]
    for name in ("nextMessageOrdinal", "nextFileReferenceOrdinal", "nextOrigCommReferenceOrdinal"):
        assert getattr(read, name)() == getattr(expected, name)()
    assert read.getCurrentCategoryNameList() == expected.getCurrentCategoryNameList()


def test_the_block_and_its_values_are_given_in_every_shape(side: Any) -> None:
    read, expected = side.read(), sample(*SAMPLES[0])
    assert (read.getContainerNameList(), read.getCurrentContainerId()) == (["messages"], "messages")
    assert read.getStyleCategoryNameList() == expected.getStyleCategoryNameList()
    assert (read.complyStyle(), read.testStyleComplete(io.StringIO())) == (True, True)
    assert read.getRowDataList(STATUS) == expected.getRowDataList(STATUS)
    assert read.getRowDataList(INFO)[0][:8] == expected.getRowDataList(INFO)[0][:8]
    assert [read.getAttributeValue(INFO, "sender", n) for n in (1, 99)] == ["CS", None]
    assert read.getAttributeValue(INFO, "nothing", 1) is None
    assert (read.getCategory("nothing"), read.getRowCount("nothing")) == ([], -1)
    block = read.getCurrentContainer()
    assert block.getName() == "messages"
    assert block.getObj(FILES).getRowCount() == 37
    assert len(read.getCurrentContainerList()) == 1


def test_a_text_is_shown_alike_however_its_characters_are_referred_to(side: Any) -> None:
    given = "caf&#233; caf\xe9 &#65;&#x41; &eacute; &amp; &amp;lt; R&D"
    written = Upstream(verbose=False, log=io.StringIO())
    written.newBlock("messages")
    written.appendMessage({"ordinal_id": "1", "message_id": "m", "message_text": given})
    path = side.site.root / "elsewhere.cif"
    assert written.write(str(path))
    read = side.make()
    assert read.read(str(path))
    [row] = read.getMessageInfo()
    assert html.unescape(row["message_text"]) == html.unescape(given)
    if side.is_upstream:  # it refers to what is not ASCII, and leaves other references as they stand
        assert row["message_text"] == given.replace("\xe9", "&#233;")
    else:
        assert row["message_text"] == "caf&#233; caf&#233; AA &#233; & &#38;lt; R&D"


def test_what_is_not_there_yet_is_no_content(side: Any) -> None:
    empty = side.site.file("D_1000000009")
    empty.parent.mkdir()
    for prepare in (lambda: None, empty.touch):
        prepare()
        made = side.make()
        assert made.read(str(empty)) is False
        assert made.getCategory() == []
        assert made.getContainerNameList() == []
        assert (made.getCurrentContainerId(), made.getCurrentContainer()) == (None, None)
        with pytest.raises(ValueError, match=r"^.*$"):
            made.getMessageInfo()
        assert made.nextMessageOrdinal() == 0
        assert made.setBlock("messages") is False
        assert made.appendMessage({"message_id": "m"}) is False
        assert made.update(INFO, "sender", "x") is False


def test_a_new_block_has_every_category_and_selects_by_name(side: Any) -> None:
    made = side.make()
    made.newBlock("messages")
    assert (made.nextMessageOrdinal(), made.nextFileReferenceOrdinal(), made.nextOrigCommReferenceOrdinal()) == (1, 1, 1)
    assert (made.getMessageInfo(), made.getCategory(), made.getRowCount(INFO)) == ([], [], 0)
    assert made.setContainer("messages")
    assert made.setContainer(containerIndex=0)
    assert not made.setContainer(containerIndex=9)
    assert made.setBlock("messages")
    read = side.read()
    read.newBlock("messages")
    assert set(read.getCurrentCategoryNameList()) == set(CATEGORIES)
    assert read.nextOrigCommReferenceOrdinal() == 1
    assert read.getContainerNameList() == ["messages"]
    assert len(read.getMessageInfo()) == 6


def test_a_row_is_reported_as_it_was_given_until_it_is_written(side: Any) -> None:
    read = side.read()
    assert read.appendMessage({"message_id": "m", "ordinal_id": 7, "sender": None})
    row = read.getMessageInfo()[-1]
    assert (row["ordinal_id"], row["sender"], row["message_text"]) == (7, None, None)
    assert read.nextMessageOrdinal() == 8
    assert read.update(INFO, "sender", "me", 6)
    assert read.updateItem(f"_{INFO}.sender", "you", 6)
    assert read.updateRowByAttribute({"message_subject": "s"}, INFO, 6)
    assert [read.getAttributeValue(INFO, n, 6) for n in ("sender", "message_subject")] == ["you", "s"]
    assert not read.update("nothing", "sender", "x", 0)


def test_a_row_or_attribute_that_is_not_there_is_not_made(side: Any) -> None:
    read = side.read()
    before = read.getMessageInfo()
    if side.is_upstream:  # K3: no position is the first row; past the end is a new one; and half a row is added
        assert read.update(INFO, "sender", "x", None)
        assert read.update(INFO, "sender", "x", 20)
        read.appendMessage({"message_id": "m", "colour": "red"})
        assert read.update(INFO, "nothing", "x", 0)
        assert len(read.getMessageInfo()) == 22
        return
    assert not read.update(INFO, "nothing", "x", 0)
    assert not read.update(INFO, "sender", "x", None)
    assert not read.update(INFO, "sender", "x", 20)
    assert not read.appendMessage({"message_id": "m", "colour": "red"})
    assert not read.removeCategory(INFO)
    assert read.getMessageInfo() == before


def test_a_damaged_file_is_no_short_one(side: Any) -> None:
    path = Path(side.path())
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    if side.is_upstream:  # K2
        assert len(side.read().getMessageInfo()) == 4
    elif "db" not in side.name:
        with pytest.raises(DamagedFile):
            side.make().read(str(path))


def test_a_second_read_begins_anew(side: Any) -> None:
    read = side.read()
    assert read.read(side.path("messages-from-depositor"))
    expected = 6 if side.is_upstream else 1  # upstream adds a second block and keeps the first one selected
    assert len(read.getMessageInfo()) == expected
