"""References that the legacy class appends: as many as were appended, and a stored one stays as it is."""

from typing import Any

import pytest
from support.site import DEPOSITION

from service.errors import InvalidInput, NotFound
from service.messages import CATEGORIES

_, FILES, ORIGINALS, _ = CATEGORIES
MESSAGE = {"ordinal_id": 7, "message_id": "m", "deposition_data_set_id": DEPOSITION}


@pytest.mark.parametrize("category", [FILES, ORIGINALS])
def test_a_stored_reference_that_was_changed_is_refused_and_not_dropped(our_side: Any, category: str) -> None:
    made = our_side.read()
    made.newBlock("messages")
    assert made.appendMessage(MESSAGE)
    assert made.appendFileReference({"ordinal_id": 1, "message_id": "m", "deposition_data_set_id": DEPOSITION})
    assert made.appendOrigCommReference({"ordinal_id": 1, "message_id": "m", "orig_sender": "a@b.org"})
    assert made.write(our_side.path())
    changed = our_side.read()
    assert changed.update(category, "message_id", "other", 0)
    before = our_side.stored()
    with pytest.raises(InvalidInput, match=category):
        changed.write(our_side.path())
    assert our_side.stored() == before


def test_equal_references_are_as_many_as_were_appended(side: Any) -> None:
    row = {"ordinal_id": 1, "message_id": "m", "deposition_data_set_id": DEPOSITION, "content_type": "model"}
    made = side.read()
    made.newBlock("messages")
    assert made.appendMessage(MESSAGE)
    for _ in range(2):
        assert made.appendFileReference(row)
        assert made.appendOrigCommReference({"ordinal_id": 1, "message_id": "m", "orig_sender": "a@b.org"})
    assert made.write(side.path())
    for held in (3, 4):
        again = side.read()
        assert again.appendFileReference(row)
        assert again.write(side.path())
        assert again.write(side.path())
        read = side.read()
        assert [r["content_type"] for r in read.getFileReferenceInfo() if r["message_id"] == "m"] == ["model"] * held
        assert len(read.getOrigCommReferenceInfo()) == 2


def test_references_of_a_write_that_failed_halfway_are_there_once(our_side: Any) -> None:
    made = our_side.read()
    made.newBlock("messages")
    known = made.getMessageInfo()[0]["message_id"]
    before = len([r for r in made.getFileReferenceInfo() if r["message_id"] == known])
    for message_id in (known, known, "nobody's"):
        assert made.appendFileReference({"message_id": message_id, "content_type": "model"})
    for _ in range(2):
        with pytest.raises(NotFound, match="nobody's"):
            made.write(our_side.path())
        for name, found in our_side.stored().items():
            assert len(found.references(known)) == before + 2, name
