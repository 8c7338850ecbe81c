"""Every profile table is checked, whichever profile is chosen."""

from collections.abc import Callable
from pathlib import Path

import pytest

from settings import SettingsError
from settings.loader import SETTINGS_FILE, load_from

Broken = Callable[[str, str, str], Path]


@pytest.fixture
def broken(tmp_path: Path) -> Broken:
    """Write the project's file with one line of one table replaced."""

    def write(table: str, old: str, new: str) -> Path:
        head, mark, tail = SETTINGS_FILE.read_text(encoding="utf-8").partition(f"[{table}]\n")
        assert mark
        assert old in tail
        path = tmp_path / "settings.toml"
        path.write_text(head + mark + tail.replace(old, new, 1), encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize(
    ("table", "old", "new", "said"),
    [
        ("db-only", "phase = 3", "phase = 4", "phase=4"),
        ("db-only", "phase = 3", "phase = true", "phase=True"),
        ("db-only", "phase = 3", 'phase = "3"', "phase='3'"),
        ("db-only", "phase = 3", "phase = 2", "phase=2"),
        ("db-only", "phase = 3\n", "", "phase is missing"),
        ("db-only", "phase = 3", "phase = 3\nwrite = 1", "write is refused: "),
        ("db-only", "phase = 3", "phase = 3\nlock_timeout = 1", "lock_timeout=1"),
        ("db-only", 'writes = ["database"]', "writes = []", "writes=.*"),
        ("db-only", 'writes = ["database"]', 'writes = "database"', "writes='database'"),
        ("db-only", 'writes = ["database"]', 'writes = ["db"]', "writes=.*db"),
        ("db-only", 'writes = ["database"]', 'writes = ["database", "database"]', "writes="),
        ("db-only", 'reads = "database"', 'reads = "cif"', "reads='cif'"),
        ("db-only", 'reads = "database"', 'reads = ""', "reads=''"),
        ("db-only", 'reads = "database"', 'reads = ["database"]', "reads="),
        ("db-only", 'fallback = ""', 'fallback = "cif"', "fallback='cif'"),
        ("db-only", 'observes = ""', 'observes = "file"', "observes='file'"),
        ("cif-only", 'observes = ""', 'observes = "database"', "observes='database'"),
    ],
)
def test_a_broken_profile_table_is_refused_naming_table_key_value_and_remedy(
    broken: Broken, table: str, old: str, new: str, said: str
) -> None:
    path = broken(table, old, new)
    with pytest.raises(SettingsError, match=rf"{path} \[{table}\] {said}.*(give|state|perhaps)"):
        load_from(path, {}, "")


def test_the_faults_of_all_tables_are_reported_together(broken: Broken) -> None:
    path = broken("cif-only", 'reads = "cif"', 'reads = "x"')
    path.write_text(path.read_text(encoding="utf-8").replace("phase = 2", "phase = 9"), encoding="utf-8")
    with pytest.raises(SettingsError) as refusal:
        load_from(path, {}, "")
    assert [line.split()[1] for line in str(refusal.value).splitlines()] == ["[cif-only]", "[dual-write-db-read]"]
