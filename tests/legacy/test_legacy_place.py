"""What a path stands for under every profile: whose rows they are, and whether there is a file to speak of."""

from typing import Any

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
