"""The seed's name for `msgmodule validate --integration`; takes the same options."""

import os
import sys
from pathlib import Path

MSGMODULE = Path(__file__).resolve().parents[1] / ".venv" / "bin" / "msgmodule"

if not MSGMODULE.exists():
    sys.exit(f"{MSGMODULE} is not there: run `make install` first")
os.execv(MSGMODULE, [str(MSGMODULE), "validate", "--integration", *sys.argv[1:]])
