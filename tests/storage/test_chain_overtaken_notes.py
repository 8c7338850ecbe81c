"""What an edit of an outage replaces that it did not find, or loses against what came between, is noted once."""

import pytest
from support.dual import DEP, Dual, away, drafted, dual, edit, logged_conflicts, noted, texts
from support.site import DUAL, Site


def notes(both: Dual) -> list[tuple[str, str]]:
    found = texts(noted(both.site))
    assert len(logged_conflicts(both.site)) == len(found)
    return found


def text(both: Dual) -> str | None:
    return both.chain.read(DEP).correspondence.messages[0].message_text


@pytest.mark.parametrize("profile", DUAL)
def test_an_edit_that_an_old_copy_hid_from_the_next_one_is_noted(site: Site, profile: str) -> None:
    both = drafted(site, profile)
    old = both.old_copy()
    both.chain.apply(edit("hidden"))
    with away(both):
        both.put_back(old)
        both.chain.apply(edit("last"))

    assert text(both) == text(both) == "last"
    assert notes(both) == [("last", "hidden")]
    assert both.is_equal()


def test_an_edit_that_another_program_renumbered_and_wrote_over_is_noted_once(site: Site) -> None:
    both = drafted(site, "dual-write-cif-read")
    with away(both):
        both.chain.apply(edit("ours"))
        number = b"message_info.ordinal_id               "
        both.put_back(both.old_copy().replace(b"ours", b"theirs").replace(number + b"1", number + b"7"))

    assert text(both) == text(both) == "theirs"
    assert notes(both) == [("theirs", "ours")]
    assert both.is_equal()


def test_an_edit_of_the_database_alone_that_a_renumbered_row_of_the_file_wins_over_is_noted(site: Site) -> None:
    both = drafted(site, "dual-write-cif-read")
    dual(site, "db-only").chain.apply(edit("ours"))
    number = b"message_info.ordinal_id               "
    both.put_back(both.old_copy().replace(b"draft", b"theirs").replace(number + b"1", number + b"7"))

    assert text(both) == text(both) == "theirs"
    assert notes(both) == [("theirs", "ours")]
    assert both.is_equal()
