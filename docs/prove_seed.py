"""Run what proves each row of the seed, and write docs/seed.md with what was found."""

import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
ROWS: dict[str, list[str]] = tomllib.loads((ROOT / "docs" / "seed.toml").read_text(encoding="utf-8"))
_COMMAND = "$ "


def proofs() -> set[str]:
    """Give every proof, each once."""
    return {proof for row in ROWS.values() for proof in row[1:]}


def run_tests(nodes: list[str]) -> dict[str, str]:
    """Run the tests in one go; a proof that is a file passes with all of its tests, and none is no pass."""
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "--numprocesses=4", "--dist=loadfile", f"--junit-xml={report}"]
        command += ["-o", "junit_family=xunit1", *nodes]
        subprocess.run(command, cwd=ROOT, check=False)
        cases = ET.parse(report).getroot().iter("testcase")
        found = [(f"{c.get('file')}::{(c.get('name') or '').split('[')[0]}", [child.tag for child in c]) for c in cases]
    return {node: _verdict([tags for name, tags in found if _is_of(name, node)]) for node in nodes}


def _is_of(name: str, node: str) -> bool:
    return name == node or name.split("::", maxsplit=1)[0] == node


def _verdict(cases: list[list[str]]) -> str:
    if not cases:
        return "no test"
    tags = {tag for case in cases for tag in case if tag in {"failure", "error", "skipped"}}
    return f"{len(cases)} passed" if not tags else ", ".join(sorted(tags))


def run_command(proof: str) -> str:
    done = subprocess.run(["bash", "-c", proof.removeprefix(_COMMAND)], cwd=ROOT, capture_output=True, check=False)
    return "passed" if done.returncode == 0 else f"exit {done.returncode}"


def page(verdicts: dict[str, str]) -> str:
    """Give the table."""
    lines = [
        "<!-- made by docs/prove_seed.py, which runs every proof -->\n",
        "# The seed's rows\n",
        "Each promise of the seed, what proves it, and what came of it when `docs/prove_seed.py` ran last.\n",
        "| row | promise | proof | found |",
        "|---|---|---|---|",
    ]
    for row, (promise, *given) in ROWS.items():
        shown = "<br>".join(f"`{proof}`" for proof in given).replace("|", "\\|")
        lines.append(f"| {row} | {promise} | {shown} | {'<br>'.join(verdicts[proof] for proof in given)} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run, write, and exit 1 where a proof failed."""
    nodes = sorted(proof for proof in proofs() if proof.startswith("tests/"))
    verdicts = run_tests(nodes) | {p: run_command(p) for p in sorted(proofs()) if p.startswith(_COMMAND)}
    (ROOT / "docs" / "seed.md").write_text(page(verdicts), encoding="utf-8")
    wrong = {proof: found for proof, found in verdicts.items() if "passed" not in found}
    for proof, found in wrong.items():
        sys.stderr.write(f"{proof}: {found}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
