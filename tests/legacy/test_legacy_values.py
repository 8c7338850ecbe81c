"""The value classes: upstream's defaults and pairs of methods."""

import io
from typing import Any

import pytest
from mmcif_utils.message import PdbxMessage as upstream

from service import legacy

NAMES = ("PdbxMessageInfo", "PdbxMessageFileReference", "PdbxMessageOrigCommReference", "PdbxMessageStatus")
MADE = {"message_id", "parent_message_id", "timestamp"}


def both(name: str) -> tuple[Any, Any]:
    return tuple(getattr(module, name)(verbose=False, log=io.StringIO()) for module in (upstream, legacy))


@pytest.mark.parametrize("name", NAMES)
def test_a_new_row_and_one_set_from_a_dictionary_are_as_upstream_makes_them(name: str) -> None:
    theirs, mine = both(name)
    given = {"message_id": "m", "ordinal_id": 3, "read_status": "Y", "bogus": 1}
    for arguments in ((given,), ({"sender": "x"},), ()):
        expected, found = theirs.set(*arguments), mine.set(*arguments)
        assert list(found) == list(expected)
        assert {n: v for n, v in found.items() if n not in MADE} == {n: v for n, v in expected.items() if n not in MADE}
    assert mine.get() is mine.get()


@pytest.mark.parametrize("name", NAMES)
def test_every_pair_of_methods_is_there_and_sets_what_it_gets(name: str) -> None:
    theirs, mine = both(name)
    pairs = [n[3:] for n in dir(theirs) if n.startswith("set") and n != "set"]
    assert pairs
    for pair in pairs:
        for row in (theirs, mine):
            getattr(row, f"set{pair}")("value")
            assert getattr(row, f"get{pair}")() == "value"
        if pair != "MessageId":
            for row in (theirs, mine):
                getattr(row, f"set{pair}")()
            assert getattr(mine, f"get{pair}")() == getattr(theirs, f"get{pair}")(), pair
    out = [io.StringIO(), io.StringIO()]
    for row, stream in zip((theirs, mine), out, strict=True):
        row.write(stream)
    names = [[line.split(":")[0].strip() for line in stream.getvalue().splitlines()] for stream in out]
    assert names[0] == names[1]


def test_a_message_that_begins_a_thread_is_its_own_parent_whatever_its_id() -> None:
    theirs, mine = both("PdbxMessageInfo")
    assert theirs.set({"message_id": "m"})["parent_message_id"] != "m"  # an id that nobody uses (reference section 5)
    assert mine.set({"message_id": "m"})["parent_message_id"] == "m"
    mine.setMessageId()
    assert mine.getMessageId() == mine.getParentMessageId() != "m"
    mine.setParentMessageId("p")
    mine.setMessageId("n")
    assert mine.getValueList(["message_id", "parent_message_id", "nothing"]) == ["n", "p", None]
    assert mine.getValueList() == theirs.getValueList() == []
