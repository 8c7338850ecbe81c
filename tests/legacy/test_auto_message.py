"""`AutoMessage`: what it sends is stored and not mailed, what it tags is stored, and what it cannot tell it raises."""

from typing import Any

import pytest
from support import legacy
from support.site import DEPOSITION

from service.embedded import program
from service.errors import InvalidInput, NotFound
from service.legacy import AutoMessage, ExtractMessage
from service.vocabulary import FROM_DEPOSITOR


def test_a_single_message_is_stored_with_its_context_and_not_mailed(our_side: Any) -> None:
    text = ";a line that would end a text block\nÅ"  # K6
    sent = AutoMessage(siteId="RCSB").sendSingleMessage(DEPOSITION, "Session expires", text, p_tmpltType="session-expire")
    assert sent
    assert sent.mailed is False
    found = program().chain().read(DEPOSITION).correspondence.message(sent.message_id)
    assert found is not None
    assert (found.sender, found.context_type, found.send_status) == ("auto", "session-expire", "Y")
    assert (found.message_subject, found.message_text) == ("Session expires", text)
    if "cif" in sent.stores:
        assert legacy.rows(our_side.site.file(DEPOSITION))[-1]["message_text"] == text


def test_messages_are_tagged_and_the_global_answers_follow(our_side: Any) -> None:
    auto = AutoMessage()
    received = [
        str(m.message_id) for m in program().chain().read(DEPOSITION).correspondence.section(FROM_DEPOSITOR).messages
    ]
    assert our_side
    assert auto.tagMessageStatus(DEPOSITION, received, actionReqd="Y", forReleaseFlg="Y")
    assert (auto.getAllMsgsRead(DEPOSITION), auto.getAllMsgsActioned(DEPOSITION)) == (True, False)
    assert auto.tagMessageStatus(DEPOSITION, received)
    assert (auto.getAllMsgsRead(DEPOSITION), auto.getAllMsgsActioned(DEPOSITION)) == (True, True)
    with pytest.raises(NotFound):
        auto.tagMessageStatus(DEPOSITION, ["unknown"])


def test_what_is_not_known_is_not_fine(our_side: Any) -> None:
    assert our_side
    auto = AutoMessage()
    for ask in (auto.getAllMsgsRead, auto.getAllMsgsActioned):
        with pytest.raises(NotFound):  # K15
            ask("D_1000000099")


@pytest.mark.parametrize("name", ["../../evil", "", "x", "D_x", "D_1/../../x"])
def test_what_is_no_deposition_is_refused_before_a_path_is_built(our_side: Any, name: str) -> None:  # K26
    before = sorted(our_side.site.root.rglob("*"))
    with pytest.raises(InvalidInput, match="deposition_data_set_id"):
        AutoMessage().sendSingleMessage(name, "s", "m")
    with pytest.raises(InvalidInput, match="deposition_data_set_id"):
        AutoMessage().tagMessageStatus(name, ["m"])
    with pytest.raises(InvalidInput, match="deposition_data_set_id"):
        AutoMessage().getAllMsgsRead(name)
    with pytest.raises(InvalidInput, match="deposition_data_set_id"):
        ExtractMessage().getLastSentMsgDatetime(name)
    with pytest.raises(InvalidInput, match="deposition_data_set_id"):
        ExtractMessage().getLastSentMsgDatetime(name, test_folder=str(our_side.site.archive))
    assert sorted(our_side.site.root.rglob("*")) == before


def test_a_flag_that_is_none_is_refused(our_side: Any) -> None:
    assert our_side
    with pytest.raises(InvalidInput, match="action_reqd"):
        AutoMessage().tagMessageStatus(DEPOSITION, ["m"], actionReqd="maybe")
