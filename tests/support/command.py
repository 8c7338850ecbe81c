"""The `msgmodule` command as tests run it, with the environment of a site and nothing of the developer's."""

import io
import os
import subprocess
import sys
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

import structlog

from service.cli.main import main
from support.site import Site

Done = subprocess.CompletedProcess[str]
#: A server that nobody runs.
DOWN = "mysql://nobody@127.0.0.1:1/nowhere"


def msgmodule(site: Site, *arguments: str, profile: str = "cif-only", **more: str) -> Done:
    """Run what the console script runs, in this process, and catch how it exits."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    argv = ["msgmodule", *arguments]
    with ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ, site.environ(profile, **more)))
        stack.enter_context(patch.object(sys, "argv", argv))
        stack.enter_context(redirect_stdout(out))
        stack.enter_context(redirect_stderr(err))
        stack.callback(structlog.reset_defaults)
        try:
            main()
        except SystemExit as done:
            code = int(done.code or 0)
    return Done(argv, code, out.getvalue(), err.getvalue())


def in_a_process(site: Site, *arguments: str, profile: str = "cif-only", **more: str) -> Done:
    """Run the command in a process of its own, from a foreign working directory."""
    environ = {"PATH": os.environ["PATH"], "TMPDIR": str(site.root)} | site.environ(profile, **more)
    command = [str(Path(sys.executable).with_name("msgmodule")), *arguments]
    return subprocess.run(command, env=environ, cwd=site.root, capture_output=True, text=True, check=False)
