"""The store contract: ids, texts and depositions that must not be mixed up, by every store and chain, on both servers."""

from pathlib import Path

import pytest
from support.contract import SUBJECTS, append, message, subject

from service.changes import EditDraft, MarkRead, Tag
from service.errors import NotFound
from service.messages import Status
from service.storage.base import Store
from service.storage.cif.store import CifStore
from service.storage.guard import GuardedDatabase
from service.vocabulary import FROM_DEPOSITOR, NOTES, TO_DEPOSITOR


@pytest.mark.parametrize(
    "text",
    [
        "\U0001f9ec and \U00020000, Ångström, ﷺ",
        "ends with blanks   ",
        "  begins with them",
        "\ttab\t",
        "; begins a line\n; and another\n",
        "\n\nonly line ends\n\n",
        "?",
        ".",
        "&lt; &#8203; &amp; &notit; &",
        "'both' \"quotes\" # $ [x] {y} (z)",
        "data_x loop_ save_",
        "_item",
        "\\ % %s :x ' -- \\u00e9",
        "\u200b\ufeff\u00a0\u2028\u2029\x7f",
        "e\u0301 is not \u00e9",
    ],
)
def test_a_text_is_given_back_to_the_last_character(store: Store, dep: str, text: str) -> None:
    append(store, dep, "m", message_text=text, message_subject=text, sender=text, context_value=text)
    found = store.read(dep).correspondence.messages[0]
    assert (found.message_text, found.message_subject, found.sender, found.context_value) == (text,) * 4


def test_a_text_of_a_megabyte_is_not_cut(store: Store, dep: str) -> None:
    text = "Zeile Å 'x'\n" * 90_000
    append(store, dep, "m", message_text=text)
    assert store.read(dep).correspondence.messages[0].message_text == text


@pytest.mark.parametrize(("one", "other"), [("abc", "ABC"), ("m", "m "), ("m", " m"), ("é", "e"), ("m", "m\t"), ("ss", "ß")])
def test_message_ids_that_look_alike_are_two_messages(store: Store, dep: str, one: str, other: str) -> None:
    append(store, dep, one, message_text="one", send_status="N")
    append(store, dep, other, message_text="other", send_status="N")
    store.apply(EditDraft(dep, TO_DEPOSITOR, other, "2026-05-05 05:05:05", {"message_text": "edited"}))
    store.apply(MarkRead(dep, one))
    store.apply(Tag(dep, other, "N", "N", "N"))
    found = store.read(dep).correspondence
    assert [(m.message_id, m.message_text) for m in found.messages] == [(one, "one"), (other, "edited")]
    assert found.statuses == (Status(one, dep, "Y", "Y", "N"), Status(other, dep, "N", "N", "N"))


def test_depositions_with_the_same_message_ids_do_not_mix(store: Store, dep: str, group: str) -> None:
    owners = (dep, f"{dep}1", group)
    for owner in owners:
        append(store, owner, "m", message_text=owner, content_type=FROM_DEPOSITOR, send_status="N")
    store.apply(MarkRead(owners[1], "m"))
    store.apply(EditDraft(owners[2], FROM_DEPOSITOR, "m", "2026-05-05 05:05:05", {"message_text": "edited"}))
    found = [store.read(owner).correspondence for owner in owners]
    assert [c.messages[0].message_text for c in found] == [owners[0], owners[1], "edited"]
    assert [len(c.messages) for c in found] == [1, 1, 1]
    assert [len(c.statuses) for c in found] == [0, 1, 0]


def test_a_group_is_a_deposition_of_its_own(store: Store, group: str) -> None:
    append(store, group, "m", content_type=NOTES)
    store.apply(Tag(group, "m", "Y", "N", "N"))
    found = store.read(group).correspondence
    assert found.messages == (message(group, "m", ordinal_id="1", content_type=NOTES),)
    assert found.statuses == (Status("m", group, "Y", "N", "N"),)


def test_an_unknown_deposition_is_not_found_and_reading_makes_nothing(store: Store, dep: str) -> None:
    for _ in range(2):
        with pytest.raises(NotFound):
            store.read(dep)


@pytest.mark.parametrize(
    "change", [lambda d: MarkRead(d, "m"), lambda d: Tag(d, "m"), lambda d: EditDraft(d, TO_DEPOSITOR, "m", "", {})]
)
def test_a_change_of_an_unknown_deposition_is_not_found_and_makes_nothing(store: Store, dep: str, change: object) -> None:
    with pytest.raises(NotFound):
        store.apply(change(dep))  # type: ignore[operator]
    with pytest.raises(NotFound):
        store.read(dep)


@pytest.mark.parametrize("name", SUBJECTS)
def test_without_the_setting_a_first_message_makes_no_deposition(name: str, tmp_path: Path, dep: str) -> None:
    with subject(name, tmp_path, MSGMODULE_CREATE_DEPOSITIONS="false") as store:
        with pytest.raises(NotFound):
            append(store, dep, "m")
        with pytest.raises(NotFound):
            store.read(dep)


def test_a_store_says_that_it_is_ready(store: Store, dep: str) -> None:
    append(store, dep, "m")
    assert store.is_ready()


@pytest.mark.parametrize("name", ["cif", "guarded database sqlite", "guarded database mariadb"])
def test_a_probe_of_a_single_store_leaves_nothing(name: str, tmp_path: Path, dep: str) -> None:
    with subject(name, tmp_path) as store:
        assert isinstance(store, CifStore | GuardedDatabase)
        append(store, dep, "m")
        before = store.read(dep).correspondence
        assert set(store.probe().values()) == {"ok"}
        assert store.read(dep).correspondence == before
