"""Lists over all depositions give what a plain filter over everything gives, from both databases and from the files."""

import random
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.correspondence import correspondence, sections
from support.site import make_site

from service.messages import Correspondence, Message
from service.pieces import newest_first
from service.recent import found_in
from service.services import Services
from service.services import recent as recent_of
from service.storage.database import plan
from service.window import Found, Place, Wanted
from service.words import Keyword

DEPOSITIONS = [f"D_{n}" for n in range(1000000001, 1000000031)]
#: Words that are few, many, in no message; odd ones; several.
SOUGHT = [
    ("ligand",),
    ("ångström",),
    ("\u212b",),
    ("x-ray",),
    ("the",),
    ("a",),
    ("1.7",),
    ("水素",),
    ("pdb", "EXTRACT"),
    ("quoted", "ref"),
    ("valid", "strass"),
    ("nowhere",),
    ("100%",),
    ("back\\sl",),
    ("(",),
    ("'; DROP TABLE deposition; --",),
    ('"quoted" OR +x*',),
]


@pytest.fixture(scope="module")
def everything() -> list[Correspondence]:
    rng = random.Random(11)  # noqa: S311 - no secrets
    return [correspondence(key, rng) for key in DEPOSITIONS]


@pytest.fixture
def services(tmp_path: Path, database_url: str, everything: list[Correspondence]) -> Services:
    site = make_site(tmp_path, database_url)
    site.initialise()
    services = site.services("db-only")
    fill(services, everything)
    return services


def fill(services: Services, everything: list[Correspondence]) -> None:
    for made in everything:
        services.stores.database.bring(made.deposition_data_set_id, sections(made), lambda _, made=made: (made, ()))  # type: ignore[misc]


def plainly(text: str | None) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text or "").casefold())


def holds(message: Message, word: str, inside: bool) -> bool:
    """Look for a word the slow way."""
    for text in map(plainly, (message.message_subject, message.message_text)):
        for n in range(len(text)):
            begins = inside or not plainly(word)[0].isalnum() or n == 0 or not text[n - 1].isalnum()
            if begins and text.startswith(plainly(word), n):
                return True
    return False


def expected(everything: list[Correspondence], wanted: Wanted) -> list[tuple[Place, str | None, int, bool]]:
    """Filter and sort everything in plain Python."""
    found = []
    for made in everything:
        for section in made.sections:
            for n, message in enumerate(section.messages, 1):
                time = (message.timestamp or "")[:19]
                fits = "0" <= time[:1] <= "9" and wanted.since <= time and (wanted.until is None or time <= wanted.until)
                fits = fits and (not wanted.depositions or made.deposition_data_set_id in wanted.depositions)
                fits = fits and (not wanted.content_types or section.content_type in wanted.content_types)
                fits = fits and plainly(wanted.sender) in plainly(message.sender)
                if fits and all(holds(message, k.text, k.inside) for k in wanted.keywords):
                    place = Place(time, made.deposition_data_set_id, section.content_type, n)
                    files = made.references(str(message.message_id))
                    has_status = made.status(str(message.message_id)) is not None
                    found.append((place, message.message_subject, len(files), has_status))
    return sorted(found, reverse=True)


def told(found: Iterator[Found] | list[Found]) -> list[tuple[Place, str | None, int, bool]]:
    return [(f.place, f.message.message_subject, len(f.files), f.status is not None) for f in found]


def given(services: Services, wanted: Wanted, behind: Place | None = None) -> list[Found]:
    return list(recent_of(services).listing(wanted, behind))


@pytest.mark.parametrize("way", ["as planned", "the index first", "the window first"])
def test_keywords_give_what_a_plain_filter_gives(
    services: Services, everything: list[Correspondence], way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "_FEW", 0)
    monkeypatch.setattr(plan, "_COST", {"as planned": plan._COST, "the index first": 0, "the window first": 1e9}[way])
    counts = []
    for words in SOUGHT:
        for inside in (False, True):
            wanted = Wanted("2026-01-15", keywords=tuple(Keyword(word, inside) for word in words))
            assert told(given(services, wanted)) == expected(everything, wanted), (words, inside)
            counts.append(len(expected(everything, wanted)))
    assert sum(map(bool, counts)) > len(counts) / 2


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted("2026-01-01"),
        Wanted("2026-03-01", "2026-03-01 12:00:00"),
        Wanted("2026-01-01", sender="ÅNGSTRÖM"),
        Wanted("2026-01-01", content_types=("notes-from-annotator", "messages-to-depositor")),
        Wanted("2026-01-01", depositions=("D_1000000003", "D_1000000007", "D_77")),
        Wanted("2027-01-01"),
        Wanted("2026-02-01", "2026-05-01", ("D_1000000003",), ("messages-to-depositor",), "JD", (Keyword("valid"),)),
    ],
)
def test_every_other_filter_gives_what_a_plain_one_gives(
    services: Services, everything: list[Correspondence], wanted: Wanted
) -> None:
    assert told(given(services, wanted)) == expected(everything, wanted)


def test_each_message_comes_with_its_own_files_and_status(services: Services, everything: list[Correspondence]) -> None:
    whole = {made.deposition_data_set_id: made for made in everything}
    for found in given(services, Wanted("2026-01-01")):
        made, message_id = whole[found.place.deposition_data_set_id], str(found.message.message_id)
        assert found.files == made.references(message_id)
        assert found.status == made.status(message_id)


def test_a_list_is_the_same_in_slices_of_any_size(
    services: Services, everything: list[Correspondence], monkeypatch: pytest.MonkeyPatch
) -> None:
    for step, size in ((7, 3), (50, 500), (4000, 1)):
        monkeypatch.setattr("service.storage.database.search._STEP", step)
        monkeypatch.setattr("service.storage.database.search._KEYS", step)
        monkeypatch.setattr("service.recent._SLICE", size)
        for wanted in (Wanted("2026-01-01"), Wanted("2026-01-01", keywords=(Keyword("valid"),))):
            assert told(given(services, wanted)) == expected(everything, wanted)


def test_a_list_goes_on_behind_any_of_its_places(services: Services, everything: list[Correspondence]) -> None:
    wanted = Wanted("2026-01-01", keywords=(Keyword("ligand"),))
    whole = expected(everything, wanted)
    for n in range(0, len(whole), 9):
        assert told(given(services, wanted, whole[n][0])) == whole[n + 1 :]


def test_what_is_changed_is_found_by_its_new_words_alone(services: Services, everything: list[Correspondence]) -> None:
    made = everything[3]
    section = next(s for s in made.sections if len(s.messages) > 1)
    key, database = made.deposition_data_set_id, services.stores.database
    messages = (replace(section.messages[0], message_subject="unheard-of", message_text=None), *section.messages[2:])
    changed = made.with_section(replace(section, messages=messages))
    database.bring(key, sections(changed), lambda _: (changed, ()))
    now = [changed if c is made else c for c in everything]
    for word in ("unheard", "ligand", "validation"):
        wanted = Wanted("2026-01-01", keywords=(Keyword(word),))
        assert told(given(services, wanted)) == expected(now, wanted)


def test_the_files_give_the_same_as_a_plain_filter(everything: list[Correspondence]) -> None:
    for words in SOUGHT:
        wanted = Wanted("2026-01-15", keywords=tuple(Keyword(word) for word in words))
        found = (f for made in everything for f in found_in(made, wanted))
        assert told(newest_first(found, piece=5)) == expected(everything, wanted)
