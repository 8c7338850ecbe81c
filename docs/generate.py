"""Make the pages that come from the code: settings, commands, routes, make targets. A test compares them with the code."""

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
from flask import Flask

from admin.app import init_app
from service.api import recent, views
from service.cli.main import cli
from service.probes import blueprint as probes

ROOT = Path(__file__).resolve().parents[1]
_MADE = "<!-- made by `make docs-generated` from the code; edit that -->\n"


def settings_page() -> str:
    """Give a heading for each setting, with its comment, default and variable; then the profiles' keys."""
    text = (ROOT / "settings.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    comments = _comments(text)
    parts = [
        "# Settings",
        "A site states what differs from the defaults: in a TOML file named by `MSGMODULE_SETTINGS`, under `[default]`, or "
        "singly in the environment. The environment wins over the site's file, and that over the defaults. A mistake stops "
        "the start with exit code 2 and names the key, the value and the remedy; `msgmodule validate --config` looks for "
        "mistakes without starting. Seconds, bytes and counts are plain numbers.",
        "The profile is chosen by `MSGMODULE_ENV` (or the seed's four flags, see [profiles](profiles.md)), the site's own "
        "file by `MSGMODULE_SETTINGS`.",
    ]
    for key, value in tables["default"].items():
        shown = repr(value).replace("'", '"').replace("True", "true").replace("False", "false")
        parts += [f"## {key}", comments[key], f"Default `{shown}`; in the environment `MSGMODULE_{key.upper()}`."]
    parts += [
        "## MSGDB_* and MSGCIF_*",
        "The variables of the seed are taken as well. `MSGDB_HOST`, `MSGDB_PORT` (3306), `MSGDB_NAME`, `MSGDB_USER` and "
        "`MSGDB_PASS` name the MariaDB or MySQL server, all of them or none; `MSGDB_ENABLED` says that there is one, and never "
        "selects a profile; `MSGDB_WRITES_ENABLED`, `MSGDB_READS_ENABLED`, `MSGCIF_WRITES_ENABLED` and `MSGCIF_READS_ENABLED` "
        "are the four flags.",
    ]
    return _page(parts)


def _comments(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("# "):
            lines.append(line[2:])
        elif " = " in line and not line.startswith("["):
            found.setdefault(line.split(" = ")[0], " ".join(lines))
            lines = []
        else:
            lines = []
    return found


def commands_page() -> str:
    """Give a heading for each command, with its own help."""
    parts = [
        "# The command",
        "Results go to stdout, logs to stderr. Exit code 0 is done and nothing wrong, 1 something failed or differs, 2 wrong "
        "usage or settings.",
    ]
    for name, command in _commands(cli, "msgmodule"):
        context = click.Context(command, info_name=name, terminal_width=110)
        parts += [f"## {name}", f"```text\n{command.get_help(context)}\n```"]
    return _page(parts)


def _commands(group: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    for part, command in sorted(getattr(group, "commands", {}).items()):
        yield f"{name} {part}", command
        yield from _commands(command, f"{name} {part}")


def api_page() -> str:
    """Give a heading for each route, with what it does."""
    parts = [
        "# The HTTP interface",
        "JSON both ways; `GET /api/v1/docs` shows every field, `GET /api/v1/openapi.json` is the contract. Callers send "
        "`Authorization: Bearer <token>`. Every error has one body: "
        '`{"error": {"code": "...", "message": "...", "details": {}}}`. 404 is an unknown deposition or message, 409 a '
        "contradiction to what is stored, 413 a body beyond `max_message_bytes`, 422 a field that breaks a rule, 503 a store "
        "that cannot answer now, with `Retry-After`.",
    ]
    for route, scope, text in sorted(_routes()):
        parts += [f"## {route}", f"{text} Scope: {scope}."]
    return _page(parts)


def _routes() -> Iterator[tuple[str, str, str]]:
    app = Flask("service", static_folder=None)
    app.register_blueprint(probes)
    app.register_blueprint(views.blueprint, url_prefix="/api/v1")
    app.register_blueprint(recent.blueprint, url_prefix="/api/v1")
    init_app(app)
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        method = next(m for m in ("GET", "POST", "PUT", "PATCH") if m in (rule.methods or ()))
        scope = getattr(view, "required_scope", None)
        text = " ".join((view.__doc__ or "").split())
        yield f"{method} {rule.rule.replace('<', '{').replace('>', '}')}", f"`{scope}`" if scope else "none, open", text


def make_page() -> str:
    """Give a heading for each make target, under the seed's groups."""
    parts = ["# Make targets", "Each calls `msgmodule` or a standard tool, and fails where that fails."]
    for line in (ROOT / "Makefile").read_text(encoding="utf-8").splitlines():
        if line.startswith("##@ "):
            parts.append(f"## {line[4:]}")
        elif found := re.match(r"([a-z0-9-]+):.*## (.*)", line):
            parts += [f"### make {found[1]}", f"{found[2]}."]
    return _page(parts)


def scripts_page() -> str:
    """Give the manual of the seed's scripts."""
    wrapped = {
        "init_messaging_database.py": ("db", "init"),
        "migrate_cif_to_db.py": ("import",),
        "validate_integration.py": ("validate",),
    }
    commands = dict(_commands(cli, "msgmodule"))
    parts = ["# Scripts", "The seed's names for three commands; they take the same options and need `make install`."]
    for script, words in wrapped.items():
        name = f"msgmodule {' '.join(words)}"
        context = click.Context(commands[name], info_name=name, terminal_width=110)
        parts += [f"## {script}", f"```text\n{commands[name].get_help(context)}\n```"]
    return _page(parts)


def _page(parts: list[str]) -> str:
    return _MADE + "\n" + "\n\n".join(parts) + "\n"


#: Page, from the root of the checkout -> what makes it.
PAGES = {
    "docs/settings.md": settings_page,
    "docs/commands.md": commands_page,
    "docs/api.md": api_page,
    "docs/make.md": make_page,
    "scripts/SCRIPTS_README.md": scripts_page,
}

if __name__ == "__main__":
    for page, make in PAGES.items():
        (ROOT / page).write_text(make(), encoding="utf-8")
        sys.stdout.write(f"{page}\n")
