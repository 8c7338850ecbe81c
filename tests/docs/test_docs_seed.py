"""The table of the seed's rows, and the two rows that are about the source itself."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from settings.parse import SETTINGS

ROOT = Path(__file__).parents[2]
ROWS = tomllib.loads((ROOT / "docs" / "seed.toml").read_text(encoding="utf-8"))
SOURCES = [p for room in ("service", "admin", "settings") for p in (ROOT / room).rglob("*.py")] + [ROOT / "wsgi.py"]
#: Who may make a store: where the chain is built, and where files elsewhere are a store of their own.
MAKERS = {"service/storage/build.py", "service/legacy/place.py", "service/sync/folder.py"}


def test_every_row_of_the_seed_is_there_with_a_proof() -> None:
    assert list(ROWS) == [f"S{n}" for n in range(1, 121)]
    assert all(len(row) > 1 for row in ROWS.values())
    shown = re.findall(r"^\| (S\d+) \|", (ROOT / "docs" / "seed.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert shown == list(ROWS), "run docs/prove_seed.py"


@pytest.mark.parametrize("node", sorted({p for row in ROWS.values() for p in row[1:] if p.startswith("tests/")}))
def test_every_test_that_is_named_as_a_proof_is_there(node: str) -> None:
    path, _, name = node.partition("::")
    text = (ROOT / path).read_text(encoding="utf-8")
    assert f"def {name or 'test_'}" in text


def test_every_setting_is_read_by_something() -> None:
    read = {
        n.attr for p in SOURCES for n in ast.walk(ast.parse(p.read_text(encoding="utf-8"))) if isinstance(n, ast.Attribute)
    }
    assert set(SETTINGS) <= read


def test_stores_are_made_in_one_place() -> None:
    makers = {
        str(path.relative_to(ROOT))
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"CifStore", "DatabaseStore", "GuardedDatabase"}
    }
    assert makers == MAKERS
