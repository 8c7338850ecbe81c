"""Lists without a store: the order, the pages and their cursors, the filters."""

import pytest

from service.errors import InvalidInput
from service.listing import Filter, Page, page
from service.messages import Correspondence, FileReference, Message, Section, Status

ALL = Filter()
TO, FROM, NOTES = "messages-to-depositor", "messages-from-depositor", "notes-from-annotator"


def message(message_id: str, timestamp: str | None, content_type: str = TO, **more: str) -> Message:
    return Message(content_type, "1", message_id, "D_1", timestamp, **more)


def correspondence(
    *messages: Message, files: tuple[FileReference, ...] = (), statuses: tuple[Status, ...] = ()
) -> Correspondence:
    def section(content_type: str) -> Section:
        mine = tuple(m for m in messages if m.content_type == content_type)
        first = content_type == TO
        return Section(content_type, mine, files if first else (), (), statuses if first else ())

    return Correspondence("D_1", tuple(section(c) for c in (TO, FROM, NOTES)))


def ids(found: Page) -> list[str | None]:
    return [letter.message.message_id for letter in found.letters]


def test_equal_times_are_ordered_by_file_and_then_by_row() -> None:
    kept = correspondence(message("n", "t", NOTES), message("f", "t", FROM), message("b", "t"), message("a", "t"))
    assert ids(page(kept, ALL, 10, None)) == ["b", "a", "f", "n"]


def test_a_message_without_a_time_comes_first_and_is_not_dropped() -> None:
    kept = correspondence(message("new", "2026-01-01 00:00:00"), message("none", None), message("odd", "yesterday"))
    assert ids(page(kept, ALL, 10, None)) == ["none", "new", "odd"]


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_pages_of_any_size_give_every_message_once(limit: int) -> None:
    kept = correspondence(*(message(str(n), str(n // 3), (TO, FROM, NOTES)[n % 3]) for n in range(7)))
    seen: list[str | None] = []
    cursor: str | None = None
    for _ in range(7):
        found = page(kept, ALL, limit, cursor)
        seen += ids(found)
        cursor = found.next
        if cursor is None:
            break
    assert seen == ids(page(kept, ALL, 100, None))
    assert len(set(seen)) == 7


def test_messages_that_come_during_the_walk_neither_hide_nor_repeat_one() -> None:
    old = [message(str(n), f"2026-01-0{n + 1} 00:00:00") for n in range(4)]
    first = page(correspondence(*old), ALL, 2, None)
    grown = correspondence(*old, message("late", "2026-01-09 00:00:00"), message("early", "2025-01-01 00:00:00", FROM))
    assert ids(first) + ids(page(grown, ALL, 10, first.next)) == ["0", "1", "2", "3", "late"]


def test_a_cursor_holds_times_of_any_text() -> None:
    kept = correspondence(message("a", 'Ä"\\'), message("b", "é"))
    first = page(kept, ALL, 1, None)
    assert first.next is not None
    assert first.next.isascii()
    assert ids(page(kept, ALL, 1, first.next)) == ["b"]


def test_what_belongs_to_a_message_comes_with_it_and_the_first_status_counts() -> None:
    file = FileReference("1", "a", "D_1", "model-annotate")
    statuses = (Status("a", "D_1", "Y"), Status("a", "D_1", "N"), Status("x", "D_1", "N"))
    found = page(correspondence(message("a", "1"), message("b", "2"), files=(file,), statuses=statuses), ALL, 10, None)
    assert [letter.files for letter in found.letters] == [(file,), ()]
    assert [letter.status for letter in found.letters] == [statuses[0], None]


def test_a_search_ignores_case_and_looks_in_subject_and_text_only() -> None:
    kept = correspondence(
        message("subject", "1", message_subject="ÅNGSTRÖM"),
        message("text", "2", message_text="straße"),
        message("sender", "3", sender="ångström STRASSE"),
    )
    assert ids(page(kept, Filter(q="ångström"), 10, None)) == ["subject"]
    assert ids(page(kept, Filter(q="STRASSE"), 10, None)) == ["text"]
    assert len(ids(page(kept, Filter(q=""), 10, None))) == 3


def test_a_search_does_not_reach_from_the_subject_into_the_text() -> None:
    kept = correspondence(message("a", "1", message_subject="one", message_text="two"))
    assert ids(page(kept, Filter(q="onetwo"), 10, None)) == []


@pytest.mark.parametrize("cursor", ["x", "e30=", "MQ==", "bnVsbA==", "WzEsMl0=", "WyIiLCAibiIsIDFd", "WyIiLEluZmluaXR5LDBd"])
def test_a_cursor_that_no_list_gave_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidInput, match="cursor"):
        page(correspondence(), ALL, 1, cursor)
