"""The manual: pages made from the code are as the code is, links lead somewhere, examples are of a kind that is tested."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from service.cli.main import cli

ROOT = Path(__file__).parents[2]
PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md"]


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def name_of(path: Path) -> str:
    return path.name


def test_every_page_made_from_the_code_is_as_the_code_is() -> None:
    made = generator()
    for page, make in made.PAGES.items():
        assert (ROOT / page).read_text(encoding="utf-8") == make(), f"{page} is stale: run `make docs-generated`"
    headings = set(re.findall(r"^## (.*)$", (ROOT / "docs/api.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert "POST /api/v1/depositions/{dep}/messages" in headings


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_example_is_of_a_kind_that_is_run(page: Path) -> None:
    fences = re.findall(r"^```(\S*)", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(fences[::2]) <= {"sh", "python", "text"}, fences
    assert set(fences[1::2]) <= {""}


def test_every_room_of_the_tree_is_on_the_page_of_the_architecture() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for room in ("settings", "service/storage/cif", "service/storage/database", "service/sync", "admin", "scripts", "bench"):
        assert f"`{room}/`" in text
        assert (ROOT / room).is_dir()
    for named in re.findall(r"`((?:service|settings|admin)/[^`]*)`", text):
        assert (ROOT / named).exists(), named


def test_no_badge_tells_of_another_pipeline() -> None:
    for page in PAGES:
        assert not re.findall(r"!\[[^\]]*\]\(|<img", page.read_text(encoding="utf-8")), page.name


def test_support_is_pointed_to_with_what_exists() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    [support] = re.findall(r"^## Support\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    assert "issue of this repository" in support
    commands = re.findall(r"`msgmodule ([a-z-]+)", support)
    assert commands
    assert set(commands) <= set(cli.commands)
    stated = text + (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    addresses = set(re.findall(r"[\w.-]+@[\w-]+(?:\.[\w-]+)+", stated)) - {"secret@db.example.org"}
    assert addresses == {"deposit-help@mail.wwpdb.org"}  # the default of OneDep's SITE_ERROR_EMAIL


@pytest.mark.parametrize("command", ["reconcile", "verify"])
def test_no_page_and_no_remedy_names_a_command_without_the_selection_that_it_needs(command: str) -> None:
    texts = [*PAGES, ROOT / "service" / "checks.py", ROOT / "service" / "conditions.py", *(ROOT / "admin").rglob("*.html")]
    bare = [path.name for path in texts if re.search(rf"([Rr]un|[Tt]hen)\s`msgmodule {command}`", path.read_text("utf-8"))]
    assert bare == []


def test_every_condition_of_a_move_stands_where_the_moves_are_explained() -> None:
    source = (ROOT / "service" / "conditions.py").read_text()
    names = set(re.findall(r'@condition\(\s*"(\w+)"', source))
    assert len(names) == source.count("@condition(")
    page = (ROOT / "docs" / "profiles.md").read_text()
    assert [name for name in sorted(names) if f"`{name}`" not in page] == []
