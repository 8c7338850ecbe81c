"""The merge of one section: both sides' rows are kept, the file's order too, and the facts decide what differs."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.messages import Correspondence, FileReference, Message, OriginalCommunication, Section, Status
from service.sync.merge import Facts, Merged, compare, merge
from service.vocabulary import TO_DEPOSITOR

QUIET = Facts(file_changed=False, cif_behind=False, database_answers=False)


def message(message_id: str, text: str = "t", ordinal: str = "1") -> Message:
    return Message(TO_DEPOSITOR, ordinal, message_id, "D_1", "2026-01-02 03:04:05", message_text=text)


def reference(message_id: str, kind: str, ordinal: str = "1") -> FileReference:
    return FileReference(ordinal, message_id, "D_1", kind, "pdbx", "1", "1", "archive")


def section(*messages: Message, files: tuple[FileReference, ...] = (), statuses: tuple[Status, ...] = ()) -> Section:
    return Section(TO_DEPOSITOR, messages, files, (), statuses)


def ids(merged: Merged) -> list[str | None]:
    return [m.message_id for m in merged.section.messages]


def test_a_row_on_one_side_only_is_on_both_afterwards_in_the_order_of_the_file() -> None:
    merged = merge(section(message("a"), message("c")), section(message("b"), message("c")), QUIET)
    assert ids(merged) == ["a", "c", "b"]


def test_a_restored_row_whose_ordinal_is_taken_gets_the_next_one() -> None:
    merged = merge(
        section(message("a", ordinal="1"), message("legacy", ordinal="2")), section(message("b", ordinal="2")), QUIET
    )
    assert [m.ordinal_id for m in merged.section.messages] == ["1", "2", "3"]


def test_rows_lost_by_the_file_are_counted_as_healed_unless_it_was_behind() -> None:
    file, rows = section(message("a")), section(message("a"), message("b"))
    assert merge(file, rows, QUIET).healed == 1
    assert merge(file, rows, replace(QUIET, cif_behind=True)).healed == 0


@pytest.mark.parametrize(
    ("changed", "behind", "database", "wins", "conflicts"),
    [
        (True, False, False, "file", 0),
        (True, False, True, "file", 0),
        (False, True, False, "rows", 0),
        (False, True, True, "rows", 0),
        (True, True, False, "file", 1),
        (True, True, True, "rows", 1),
        (False, False, False, "file", 1),
        (False, False, True, "rows", 1),
    ],
)
def test_a_row_that_differs_is_decided_by_who_changed_since_the_last_sync(
    changed: bool, behind: bool, database: bool, wins: str, conflicts: int
) -> None:
    merged = merge(section(message("a", "file")), section(message("a", "rows")), Facts(changed, behind, database))
    assert merged.section.messages[0].message_text == wins
    assert len(merged.conflicts) == conflicts
    for conflict in merged.conflicts:
        kept, lost = conflict.kept, conflict.lost
        assert isinstance(kept, Message)
        assert isinstance(lost, Message)
        assert {kept.message_text, lost.message_text} == {"file", "rows"}


def test_in_a_file_that_lost_rows_the_database_is_right_about_the_others_too() -> None:
    file = section(message("a", "old"))
    merged = merge(file, section(message("a", "new"), message("b")), replace(QUIET, file_changed=True))
    assert merged.section.messages[0].message_text == "new"
    assert merged.conflicts == ()


def test_an_ordinal_is_the_files_own_and_no_conflict() -> None:
    merged = merge(section(message("a", ordinal="7")), section(message("a", ordinal="1")), QUIET)
    assert (merged.section.messages[0].ordinal_id, merged.conflicts) == ("7", ())


def test_equal_references_are_a_multiset() -> None:
    one, two = reference("m", "model", "1"), reference("m", "model", "2")
    assert len(merge(section(files=(one, two)), section(files=(one,)), QUIET).section.files) == 2
    assert len(merge(section(files=(one,)), section(files=(one, two)), QUIET).section.files) == 2


def test_a_format_tells_two_references_apart() -> None:
    cif = reference("m", "model")
    pdb = replace(cif, content_format="pdb")
    assert set(merge(section(files=(cif,)), section(files=(pdb,)), QUIET).section.files) >= {cif}
    assert len(merge(section(files=(cif,)), section(files=(pdb,)), QUIET).section.files) == 2


def test_two_messages_of_one_id_are_both_kept() -> None:
    twice = section(message("a", "one"), message("a", "two", "2"))
    assert merge(twice, section(), QUIET).section == twice
    assert merge(section(), twice, replace(QUIET, cif_behind=True)).section == twice


def test_original_communications_are_told_apart_by_all_they_say() -> None:
    one = OriginalCommunication("1", "m", "D_1", orig_sender="a")
    other = replace(one, orig_sender="b")
    merged = merge(Section(TO_DEPOSITOR, originals=(one,)), Section(TO_DEPOSITOR, originals=(other,)), QUIET)
    assert [o.orig_sender for o in merged.section.originals] == ["a", "b"]


MESSAGES = st.lists(
    st.builds(message, st.sampled_from("abcd"), st.sampled_from(["x", "y"]), st.sampled_from("123")), max_size=5
)
SIDES = st.builds(lambda found: section(*found), MESSAGES)
FACTS = st.builds(Facts, st.booleans(), st.booleans(), st.booleans())


@given(SIDES, SIDES, FACTS)
def test_a_merge_holds_the_rows_of_both_sides_and_a_second_one_changes_nothing(
    file: Section, rows: Section, facts: Facts
) -> None:
    merged = merge(file, rows, facts).section

    kept, of_file, of_rows = (Counter(m.message_id for m in s.messages) for s in (merged, file, rows))
    assert kept == of_file | of_rows
    assert [m.message_id for m in merged.messages][: len(file.messages)] == [m.message_id for m in file.messages]
    again = merge(merged, merged, facts)
    assert (again.section, again.healed, again.conflicts) == (merged, 0, ())
    assert merge(merged, rows, replace(facts, file_changed=True, cif_behind=False)).section == merged


def test_what_a_correspondence_gained_is_counted() -> None:
    old = Correspondence("D_1").with_section(section(message("a"), message("b", "old")))
    new = Correspondence("D_1").with_section(section(message("a"), message("b", "new"), message("c")))
    counted = compare(old, new)
    assert (counted.added, counted.updated, counted.unchanged) == (1, 1, 1)


def small() -> Iterator[Section]:
    """Give every section of up to two messages and one status, each row with one of two contents."""
    chosen = [ids for n in range(3) for ids in permutations("ab", n)]
    for keys, flags in product(chosen, [(), ("a",), ("b",)]):
        for texts, values in product(product("xy", repeat=len(keys)), product("YN", repeat=len(flags))):
            yield section(
                *(message(key, text, str(n)) for n, (key, text) in enumerate(zip(keys, texts, strict=True), 1)),
                statuses=tuple(Status(key, "D_1", value) for key, value in zip(flags, values, strict=True)),
            )


def contents(found: Section) -> dict[tuple[str, str | None], str | None]:
    """Give what each row of a section says, by its key."""
    messages = {("message", m.message_id): m.message_text for m in found.messages}
    return messages | {("status", s.message_id): s.read_status for s in found.statuses}


def winner(facts: Facts, *, has_lost: bool) -> str:
    """Say by DESIGN section 5 which side a differing row is taken from, `conflict` before it where both changed."""
    if has_lost and not facts.cif_behind:
        return "rows"
    if facts.file_changed and not facts.cif_behind:
        return "file"
    if facts.cif_behind and not facts.file_changed:
        return "rows"
    return "conflict rows" if facts.database_answers else "conflict file"


@pytest.mark.parametrize("facts", [Facts(*flags) for flags in product([False, True], repeat=3)])
def test_every_small_merge_decides_each_row_as_the_design_says(facts: Facts) -> None:
    for file, rows in product(small(), small()):
        of_file, of_rows = contents(file), contents(rows)
        won = winner(facts, has_lost=bool(of_rows.keys() - of_file.keys()))
        differing = [key for key in of_file.keys() & of_rows.keys() if of_file[key] != of_rows[key]]

        merged = merge(file, rows, facts)

        assert contents(merged.section) == (of_file | of_rows if won.endswith("rows") else of_rows | of_file)
        assert len(merged.conflicts) == (len(differing) if won.startswith("conflict") else 0)
        ordinals = [m.ordinal_id for m in merged.section.messages]
        assert len(set(ordinals)) == len(ordinals)
