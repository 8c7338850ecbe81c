"""The controlled words of the domain (reference sections 1 and 9)."""

import pytest

from service import vocabulary


@pytest.mark.parametrize("name", ["D_1", "D_1000000001", "D_00000000000000000001", "G_1002003"])
def test_deposition_and_group_ids_are_known(name: str) -> None:
    assert vocabulary.is_deposition_id(name)


@pytest.mark.parametrize(
    "name",
    ["", "D_", "d_1", "D_1 ", "D_1\n", "D_-1", "D_1/..", "D_\u0661", "G_100200", "G_10020030", "E_1", "D_" + "1" * 21],
)
def test_other_names_are_none(name: str) -> None:
    assert not vocabulary.is_deposition_id(name)


def test_a_group_is_told_from_a_deposition() -> None:
    assert vocabulary.is_group("G_1002003")
    assert not vocabulary.is_group("D_1002003")


@pytest.mark.parametrize(
    ("message_type", "original", "note"),
    [
        ("text", False, True),
        (None, False, True),
        ("archive", True, False),
        ("archive_auto_noorig", False, False),
        ("archive_manual_flag", True, False),
        ("forward_auto", True, True),
        ("forward_manual_flag", True, True),
    ],
)
def test_a_message_type_says_by_its_parts_what_it_carries(message_type: str | None, original: bool, note: bool) -> None:
    assert vocabulary.has_original(message_type) is original
    assert vocabulary.is_annotator_note(message_type) is note


def test_every_type_of_the_reference_may_be_sent() -> None:
    flags = [
        f"{kind}_{how}{flag}" for kind in ("archive", "forward") for how in ("auto", "manual") for flag in ("", "_flag")
    ]
    expected = {"text", "archive", "archive_flag", "forward", "archive_auto_noorig", *flags}
    assert set(vocabulary.MESSAGE_TYPES) == expected
    assert len(vocabulary.MESSAGE_TYPES) == len(expected)


def test_release_subjects_are_exact() -> None:
    assert vocabulary.is_release_subject("Citation update")
    assert not vocabulary.is_release_subject("RE: Citation update")
    assert not vocabulary.is_release_subject("citation update")
    assert not vocabulary.is_release_subject(None)
