"""Ask pip-audit for known faults of what we install; where it reaches no list of them, say that nothing was audited."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

_AUDIT = (
    "--requirement",
    "requirements.lock",
    "--no-deps",
    "--disable-pip",
    "--format",
    "json",
)


#: What it says where the list cannot be reached.
_AWAY = (
    "ConnectionError",
    "ConnectTimeout",
    "HTTPError",
    "Connection refused",
    "Max retries exceeded",
    "ServiceError",
    "SSL",
)


def main() -> int:
    """Give 1 for a known fault, where only a part could be audited, or where it fails for another reason."""
    command = [str(Path(sys.executable).with_name("pip-audit")), *_AUDIT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own tool
    if not done.stdout:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        is_away = any(word in done.stderr for word in _AWAY)
        print(f"pip-audit {'reached no list of known faults, so nothing was audited' if is_away else 'failed'}: {last}")
        return 0 if is_away else 1
    found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    skipped = [one["skip_reason"] for one in found if "skip_reason" in one]
    faults = [f"{one['name']} {one['version']}: {v['id']}" for one in found for v in one.get("vulns", ())]
    print(f"pip-audit: {len(found) - len(skipped)} of {len(found)} packages audited, {len(faults)} known faults")
    print("\n".join(faults or skipped[:1]))
    if len(skipped) == len(found):
        print("the package registry of this machine serves no list of known faults, so nothing was audited")
        return 0
    return 1 if faults or skipped else 0


if __name__ == "__main__":
    sys.exit(main())
