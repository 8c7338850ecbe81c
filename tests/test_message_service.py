"""The use cases over a store: what is made once before any store is touched, and what is refused before."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from support.site import PROFILES, Site

from service.errors import Conflict, InvalidInput, NotFound
from service.message_service import MessageService
from service.messages import FileReference, Message, OriginalCommunication

DEPOSITION = "D_1000000042"
TO, FROM, NOTES = "messages-to-depositor", "messages-from-depositor", "notes-from-annotator"
BARE = Message(TO, None, None, DEPOSITION, None, message_text="t")


@pytest.fixture(params=PROFILES)
def service(request: pytest.FixtureRequest, site: Site) -> MessageService:
    """The use cases over the chain of each profile."""
    found = site.services(request.param)
    chain = found.stores.chain(found.settings.profile)
    return MessageService(lambda: chain)


def test_what_is_answered_is_what_is_stored(service: MessageService) -> None:
    files = (FileReference(None, None, None, "model-annotate", "pdbx", "1", "2", "archive", "a b.cif"),)
    original = OriginalCommunication(None, None, None, orig_sender="me", orig_message_subject="Ångström")
    sent = service.send(replace(BARE, message_type="archive_manual", content_type=NOTES), files, original)
    stored, _ = service.letter(DEPOSITION, str(sent.letter.message.message_id))
    assert stored == sent.letter
    assert sent.repeated is False
    assert [f.message_id for f in stored.files] == [o.message_id for o in stored.originals]


def test_an_id_is_made_where_none_is_given_and_kept_where_one_is(service: MessageService) -> None:
    made = service.send(BARE).letter.message
    assert uuid.UUID(str(made.message_id)).version == 4
    assert made.parent_message_id == made.message_id
    given = service.send(replace(BARE, message_id="mine", parent_message_id="other")).letter.message
    assert (given.message_id, given.parent_message_id) == ("mine", "other")


def test_an_ordinal_or_a_time_of_the_caller_is_not_taken(service: MessageService) -> None:
    sent = service.send(replace(BARE, ordinal_id="77", timestamp="1999-01-01 00:00:00")).letter.message
    assert sent.ordinal_id == "1"
    assert str(sent.timestamp) > "2000"


def test_line_ends_become_one_kind_and_nothing_else_changes(service: MessageService) -> None:
    text = "a\r\nb\rc\n \t;d\n  "
    sent = service.send(replace(BARE, message_text=text)).letter.message
    assert sent.message_text == "a\nb\nc\n \t;d\n  "
    stored, _ = service.letter(DEPOSITION, str(sent.message_id))
    assert stored.message.message_text == sent.message_text


def test_a_repeat_with_other_line_ends_is_the_same_message(service: MessageService) -> None:
    service.send(replace(BARE, message_id="m", message_text="a\nb"))
    assert service.send(replace(BARE, message_id="m", message_text="a\r\nb")).repeated is True


def test_a_retry_after_a_draft_was_sent_is_a_conflict_and_keeps_what_was_sent(service: MessageService) -> None:
    draft = replace(BARE, message_id="m", send_status="N")
    service.send(draft)
    service.edit(DEPOSITION, "m", {"send_status": "Y", "message_text": "final"})
    with pytest.raises(Conflict):
        service.send(draft)
    assert service.letter(DEPOSITION, "m")[0].message.message_text == "final"


def test_the_same_id_in_another_deposition_is_another_message(service: MessageService) -> None:
    service.send(replace(BARE, message_id="m"))
    other = service.send(replace(BARE, message_id="m", deposition_data_set_id="D_2", message_text="u"))
    assert other.repeated is False
    assert service.letter(DEPOSITION, "m")[0].message.message_text == "t"


def test_a_refused_message_reaches_no_store() -> None:
    def untouched() -> Any:
        pytest.fail("a store was asked")

    service = MessageService(untouched)
    origin = OriginalCommunication(None, None, None, orig_recipient="a\x07")
    with pytest.raises(InvalidInput, match=r"original\.orig_recipient"):
        service.send(replace(BARE, message_type="forward"), (), origin)
    with pytest.raises(InvalidInput, match=r"files\.0\.upload_file_name"):
        service.send(BARE, (FileReference(None, None, None, upload_file_name="a\x00"),))
    with pytest.raises(InvalidInput, match="files"):
        service.send(replace(BARE, deposition_data_set_id="G_1002003"), (FileReference(None, None, None),))
    with pytest.raises(InvalidInput, match="original"):
        service.send(BARE, (), OriginalCommunication(None, None, None))


@pytest.mark.parametrize("wrong", ["", "a\nb", "a\x00", "a\x9f", "\ud800", "x" * 256])
def test_what_is_no_id_of_a_message_reaches_no_store_in_any_use_case(wrong: str) -> None:
    service = MessageService(lambda: pytest.fail("a store was asked"))
    calls: tuple[Callable[[], object], ...] = (
        lambda: service.letter(DEPOSITION, wrong),
        lambda: service.edit(DEPOSITION, wrong, {}),
        lambda: service.mark_read(DEPOSITION, wrong),
        lambda: service.tag(DEPOSITION, wrong, "Y", "N", "N"),
    )
    for call in calls:
        with pytest.raises(InvalidInput, match="message_id"):
            call()


@pytest.mark.parametrize("field", ["message_id", "parent_message_id"])
@pytest.mark.parametrize("wrong", ["a b", "../a", ".", "?", "a\n", "é", "x" * 65])
def test_a_new_message_is_given_no_id_that_leads_out_of_a_folder_or_line(field: str, wrong: str) -> None:
    service = MessageService(lambda: pytest.fail("a store was asked"))
    with pytest.raises(InvalidInput, match=f"^{field}"):
        service.send(replace(BARE, **{field: wrong}))


def test_what_is_not_there_is_not_found_in_every_use_case(service: MessageService) -> None:
    calls: tuple[Callable[[], object], ...] = (
        lambda: service.correspondence(DEPOSITION),
        lambda: service.letter(DEPOSITION, "m"),
        lambda: service.edit(DEPOSITION, "m", {}),
        lambda: service.mark_read(DEPOSITION, "m"),
        lambda: service.tag(DEPOSITION, "m", "Y", "N", "N"),
    )
    for _ in range(2):
        for call in calls:
            with pytest.raises(NotFound):
                call()
        service.send(replace(BARE, message_id="another"))
        calls = calls[1:]


def test_a_flag_is_answered_as_it_is_stored(service: MessageService) -> None:
    service.send(replace(BARE, message_id="m", content_type=FROM))
    read = service.mark_read(DEPOSITION, "m")
    tagged = service.tag(DEPOSITION, "m", "N", "N", "Y")
    stored = service.letter(DEPOSITION, "m")[0].status
    assert stored == tagged.status
    assert read.status is not None
    assert (read.status.read_status, stored and stored.read_status) == ("Y", "N")


def test_a_flag_that_is_none_is_refused_and_not_stored(service: MessageService) -> None:
    message_id = str(service.send(BARE).letter.message.message_id)
    for flags in ({"action_reqd": "maybe"}, {"for_release": "yes"}):
        with pytest.raises(InvalidInput, match=next(iter(flags))):
            service.mark_read(DEPOSITION, message_id, **flags)
    assert service.letter(DEPOSITION, message_id)[0].status is None


def test_an_edit_that_is_no_text_is_refused(service: MessageService) -> None:
    message_id = str(service.send(replace(BARE, send_status="N")).letter.message.message_id)
    edits: Any = {"message_text": 5}
    with pytest.raises(InvalidInput, match="message_text"):
        service.edit(DEPOSITION, message_id, edits)
