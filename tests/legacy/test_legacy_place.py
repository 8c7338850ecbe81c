"""What a path stands for under every profile: whose rows they are, and whether there is a file to speak of."""

from pathlib import Path
from typing import Any

import pytest
from support import legacy
from support.site import DEPOSITION

from service.embedded import program

GROUP = "G_1002003"


def test_the_path_of_a_group_is_the_groups_whatever_deposition_is_named(our_side: Any) -> None:
    path = our_side.site.root / "data" / "autogroup" / GROUP / f"{GROUP}_messages-to-depositor_P1.cif.V1"
    path.parent.mkdir()
    before = our_side.stored()
    made = our_side.make()
    assert not made.read(str(path), deposition_id=DEPOSITION)
    made.newBlock("messages")
    assert made.appendMessage({"message_id": "shared", "deposition_data_set_id": DEPOSITION, "message_text": "to all"})
    assert made.write(str(path))
    again = our_side.make()
    assert again.read(str(path), deposition_id=DEPOSITION)
    assert again.update("pdbx_deposition_message_info", "message_subject", "news", 0)
    assert again.write(str(path))
    stores = program().services.stores
    for name in before:
        [kept] = stores.single(name).read(GROUP).correspondence.messages
        assert (kept.message_id, kept.deposition_data_set_id, kept.message_subject) == ("shared", DEPOSITION, "news"), name
    if "cif" in before:
        assert [row["message_id"] for row in legacy.rows(path)] == ["shared"]
    assert our_side.stored() == before


@pytest.mark.parametrize("content", ["data_messages\n# \n", "data_messages\n#\n_exptl.method   'X-RAY DIFFRACTION'\n# \n"])
@pytest.mark.parametrize("is_elsewhere", [False, True])
def test_a_block_without_a_message_is_read_and_has_no_rows(
    side: Any, content: str, is_elsewhere: bool, tmp_path: Path
) -> None:
    path = tmp_path / "elsewhere.cif" if is_elsewhere else side.site.file("D_1000000009")
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    made = side.make()
    if side.name == "db-only" and not is_elsewhere:
        assert not made.read(str(path))  # a database knows of rows alone
        return
    assert made.read(str(path)) is True
    getters = (made.getMessageInfo, made.getFileReferenceInfo, made.getOrigCommReferenceInfo, made.getMsgStatusInfo)
    assert [get() for get in getters] == [[]] * 4
    assert made.setBlock("messages")
    assert (made.nextMessageOrdinal(), made.appendMessage({"message_id": "m"})) == (0, False)
    made.newBlock("messages")
    assert made.appendMessage({"message_id": "m"})
    assert made.write(str(path))
    assert [row["message_id"] for row in legacy.rows(path)] == ["m"]
