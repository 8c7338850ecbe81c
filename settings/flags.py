"""The seed's four flags: which combinations name a profile, as data (seed requirements, section 3)."""

from collections.abc import Mapping

from settings.parse import SWITCH_WORDS, switch
from settings.values import SettingsError

FLAGS = ("MSGDB_WRITES_ENABLED", "MSGDB_READS_ENABLED", "MSGCIF_WRITES_ENABLED", "MSGCIF_READS_ENABLED")
SWITCHES = (*FLAGS, "MSGDB_ENABLED")

# one letter per flag, in the order of FLAGS
VALID = {
    "FFTT": "cif-only",
    "TFTT": "dual-write-cif-read",
    "TTTF": "dual-write-db-read",
    "TTTT": "dual-write-db-read",  # the reads of files it allows are the fallback of that profile
    "TTFF": "db-only",
}
REFUSED = {
    "FFFF": "nothing may be read or written",
    "FFFT": "no store may be written",
    "FFTF": "no store may be read",
    "FTFF": "no store may be written",
    "FTFT": "no store may be written",
    "FTTF": "files are written but only the database is read, so a new message would never be seen",
    "FTTT": "only files are written but the database is read first, so it would only get older",
    "TFFF": "no store may be read",
    "TFFT": "the database is written but only files are read, so a new message would never be seen",
    "TFTF": "no store may be read",
    "TTFT": "files are the fallback of reads but are never written, so the fallback would be stale",
}


def switch_faults(environ: Mapping[str, str]) -> list[str]:
    """Return a fault for each of the seed's switches whose text is neither true nor false; empty is not stated."""
    return [
        f"{name}={environ[name]!r} is refused: give one of {' '.join(SWITCH_WORDS)}, or unset {name}"
        for name in SWITCHES
        if environ.get(name) and environ[name].lower() not in SWITCH_WORDS
    ]


def profile_of_flags(environ: Mapping[str, str]) -> str | None:
    """Return the name of the profile the four flags state, None when none of them is stated.

    Once one is stated, the others count as false (seed requirements, section 2, step 2). Raises `SettingsError` for
    a combination that names no profile.
    """
    if not any(environ.get(name) for name in FLAGS):
        return None
    row = "".join("T" if switch(environ.get(name) or "false") else "F" for name in FLAGS)
    return _profile(row, flags_text(environ), "; or unset all four and name the profile in MSGMODULE_ENV")


def profile_of_row(row: str) -> str:
    """Return the profile of the four flags as letters in the order of FLAGS; raise `SettingsError` where there is none."""
    words = " ".join(f"{name}={'true' if letter == 'T' else 'false'}" for name, letter in zip(FLAGS, row, strict=True))
    return _profile(row, words)


def _profile(row: str, stated: str, other_way: str = "") -> str:
    if row in REFUSED:
        raise SettingsError(f"{stated} is refused, since {REFUSED[row]}: give one of {_valid_combinations()}{other_way}")
    return VALID[row]


def flags_text(environ: Mapping[str, str]) -> str:
    """Return the four flags as they were stated."""
    return " ".join(f"{name}={environ.get(name) or '(not stated, so false)'}" for name in FLAGS)


def _valid_combinations() -> str:
    rows = (f"{' '.join('true' if letter == 'T' else 'false' for letter in row)} ({VALID[row]})" for row in VALID)
    return f"{', '.join(rows)} for {' '.join(FLAGS)}"
