"""The four flags, against the table of the reference (section 3) written out once more here."""

from itertools import product

import pytest

from settings import SettingsError, load

NAMES = ("MSGDB_WRITES_ENABLED", "MSGDB_READS_ENABLED", "MSGCIF_WRITES_ENABLED", "MSGCIF_READS_ENABLED")
ACCEPTED: dict[tuple[str, ...], str] = {
    ("F", "F", "T", "T"): "cif-only",
    ("T", "F", "T", "T"): "dual-write-cif-read",
    ("T", "T", "F", "F"): "db-only",
    ("T", "T", "T", "F"): "dual-write-db-read",
    ("T", "T", "T", "T"): "dual-write-db-read",
    ("T", "-", "T", "T"): "dual-write-cif-read",
    ("T", "T", "T", "-"): "dual-write-db-read",
    ("T", "T", "F", "-"): "db-only",
    ("T", "T", "-", "F"): "db-only",
    ("T", "T", "-", "-"): "db-only",
    ("F", "-", "T", "T"): "cif-only",
    ("-", "F", "T", "T"): "cif-only",
    ("-", "-", "T", "T"): "cif-only",
}
FULL: list[tuple[str, ...]] = list(product("FT", repeat=4))
PARTIAL: list[tuple[str, ...]] = [row for row in product("FT-", repeat=4) if "-" in row and row != ("-", "-", "-", "-")]
WORDS = {"T": "true", "F": "false"}


def flags(row: tuple[str, ...]) -> dict[str, str]:
    return {name: WORDS[letter] for name, letter in zip(NAMES, row, strict=True) if letter != "-"}


def test_the_reference_speaks_of_16_full_and_64_partial_combinations_and_accepts_13() -> None:
    assert (len(FULL), len(PARTIAL)) == (16, 64)
    assert set(ACCEPTED) <= {*FULL, *PARTIAL}


@pytest.mark.parametrize("row", [row for row in (*FULL, *PARTIAL) if row in ACCEPTED], ids="".join)
def test_an_accepted_combination_names_its_profile(row: tuple[str, ...]) -> None:
    settings = load(flags(row))
    assert settings.profile.name == ACCEPTED[row]
    assert settings.stated_profile
    assert settings.origins["profile"] == "environment"


@pytest.mark.parametrize("row", [row for row in (*FULL, *PARTIAL) if row not in ACCEPTED], ids="".join)
def test_any_other_combination_is_refused_naming_flags_texts_and_valid_combinations(row: tuple[str, ...]) -> None:
    environ = flags(row)
    with pytest.raises(SettingsError) as refusal:
        load(environ)
    for name in NAMES:
        assert f"{name}={environ.get(name, '(not stated')}" in str(refusal.value)
    assert "true false true true (dual-write-cif-read)" in str(refusal.value)


def test_no_flag_at_all_states_no_profile() -> None:
    assert not load({}).stated_profile
    assert load({}).profile.name == "cif-only"


def test_an_empty_flag_is_not_stated() -> None:
    assert not load(dict.fromkeys(NAMES, "")).stated_profile
    assert load({NAMES[0]: "1", NAMES[1]: "Yes", NAMES[2]: "", NAMES[3]: ""}).profile.name == "db-only"


@pytest.mark.parametrize(("yes", "no"), [("true", "false"), ("1", "0"), ("YES", "No"), ("oN", "OFF")])
def test_a_flag_may_be_spelled_in_four_ways_and_any_case(yes: str, no: str) -> None:
    assert load(dict(zip(NAMES, (yes, yes, no, no), strict=True))).profile.name == "db-only"


@pytest.mark.parametrize("text", ["ture", "2", " true", "y"])
def test_a_misspelled_flag_is_refused_naming_the_remedy(text: str) -> None:
    with pytest.raises(SettingsError, match=rf"MSGDB_READS_ENABLED='{text}'.*give one of true") as refusal:
        load({"MSGDB_READS_ENABLED": text, "MSGCIF_READS_ENABLED": "x"})
    assert "MSGCIF_READS_ENABLED='x'" in str(refusal.value)
