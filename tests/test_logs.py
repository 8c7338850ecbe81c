"""The log: one JSON object a line, whoever writes it, and no value of an error of a library."""

import json
import subprocess
import sys

WRITES = """
import logging
from service import logs
logs.configure()
logs.log.warning("ours", count=1)
try:
    {}["dear depositors"]
except KeyError:
    logging.getLogger("a.library").exception("theirs")
"""


def test_what_a_library_writes_is_a_line_as_well_without_what_its_error_says() -> None:
    done = subprocess.run([sys.executable, "-c", WRITES], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(line["event"], line["level"]) for line in lines] == [("ours", "warning"), ("theirs", "error")]
    assert lines[1]["error"] == "KeyError"
    assert "dear depositors" not in done.stderr
