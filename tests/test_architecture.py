"""The habits of STYLE.md that a reader relies on, held by tests over the source itself."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.site import PROFILES

ROOT = Path(__file__).parents[1]
SOURCES = [*sorted(p for room in ("service", "admin", "settings") for p in (ROOT / room).rglob("*.py")), ROOT / "wsgi.py"]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
#: Library -> the rooms that may name it (DESIGN.md section 3).
HOMES = {
    "dynaconf": ("settings/",),
    "mmcif": ("service/storage/cif/",),
    "sqlalchemy": ("service/storage/database/",),
    "flask_sqlalchemy": ("service/storage/database/",),
    "alembic": ("service/storage/database/",),
    "pybreaker": ("service/storage/guard.py",),
    "prometheus_client": ("service/metrics.py", "service/process_files.py", "service/exposition.py", "admin/"),
    "spectree": ("service/api/", "admin/"),
    "pydantic": ("service/api/", "admin/"),
    "click": ("service/cli/",),
    "rich": ("service/cli/",),
    "admin": ("wsgi.py", "admin/"),
}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imported(path: Path) -> Iterator[tuple[str, str]]:
    """Give (module, name) of every import; the name is empty where a module is imported whole."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_library_is_named_in_its_home_alone(path: Path) -> None:
    for module, _ in imported(path):
        homes = HOMES.get(module.split(".")[0])
        assert homes is None or name_of(path).startswith(homes), f"{name_of(path)} names {module}"


def test_the_environment_is_read_in_settings_alone() -> None:
    readers = [
        name_of(path)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "environb"}
        if isinstance(node.value, ast.Name) and node.value.id == "os"
    ]
    assert readers, "the check finds nothing at all any more"
    assert all(name.startswith("settings/") for name in readers), readers


def test_no_profile_is_named_outside_the_settings() -> None:
    for path in SOURCES:
        if name_of(path).startswith("settings/"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and node.value in PROFILES:
                pytest.fail(f"{name_of(path)}:{node.lineno} names the profile {node.value}: profiles are data")


def test_storage_knows_no_request_and_no_response() -> None:
    for path in SOURCES:
        if name_of(path).startswith(("service/storage/", "service/sync/")):
            flask_names = {name for module, name in imported(path) if module.split(".")[0] in {"flask", "werkzeug"}}
            assert flask_names <= {"Flask"}, f"{name_of(path)} imports {flask_names} from flask"


def test_create_app_only_wires() -> None:
    tree = ast.parse((ROOT / "service/app.py").read_text(encoding="utf-8"))
    create_app = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "create_app")
    assert not [n for n in ast.walk(create_app) if isinstance(n, (ast.If, ast.IfExp, ast.For, ast.While, ast.Try))]
    assert (create_app.end_lineno or 0) - create_app.lineno < 40


@pytest.mark.parametrize("path", [*SOURCES, *TESTS], ids=name_of)
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 250
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 50, f"{node.name} is long"
            inner = [n for n in ast.walk(node) if isinstance(n, (ast.Import, ast.ImportFrom))]
            assert not inner, f"{node.name} imports inside"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_no_failure_is_swallowed(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"{name_of(path)}:{node.lineno} is bare"
            caught: list[ast.expr] = [node.type]
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "suppress":
            caught = node.args
        else:
            continue
        names = {getattr(inner, "id", "") for part in caught for inner in ast.walk(part)}
        assert not names & {"Exception", "BaseException"}, f"{name_of(path)}:{node.lineno} catches everything"


def test_every_room_states_its_rule() -> None:
    for path in SOURCES:
        if path.name == "__init__.py":
            assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), f"{name_of(path)} says nothing"


@pytest.mark.parametrize(
    "tool",
    ["ruff check .", "ruff format --check .", "mypy", "lint-imports"],
)
def test_the_tools_find_nothing(tool: str) -> None:
    command, *arguments = tool.split()
    found = subprocess.run(
        [Path(sys.executable).parent / command, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stdout + found.stderr
