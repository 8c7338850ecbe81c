"""Two processes change one deposition at once, a program with the legacy class and the HTTP interface: nothing is lost."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support import legacy
from support.site import PROFILES, make_site

from service.messages import CATEGORIES

DEP = "D_1000000001"
PROGRAM = Path(__file__).parents[1] / "support" / "hundred.py"
URL = f"/api/v1/depositions/{DEP}/messages"


@pytest.mark.mariadb
@pytest.mark.parametrize("profile", PROFILES)
def test_two_hundred_changes_of_two_processes_are_all_there(tmp_path: Path, database_url: str, profile: str) -> None:
    site = make_site(tmp_path, database_url)
    site.initialise()
    app = site.app(profile)
    client = site.client(app)
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PROGRAM.parents[2])} | site.environ(profile)
    environ["MSGMODULE_LOCK_TIMEOUT"] = "60"
    assert client.post(URL, json={"message_id": "first", "message_text": "x"}).status_code == 201
    program = subprocess.Popen(
        [sys.executable, PROGRAM, str(site.file(DEP))], env=environ, stderr=subprocess.PIPE, text=True
    )
    for n in range(50):
        body = {"message_id": f"api-{n}", "message_text": "Å", "send_status": "N"}
        assert client.post(URL, json=body).status_code == 201
        assert client.patch(f"{URL}/api-{n}", json={"send_status": "Y"}).status_code == 200
    _, complaints = program.communicate()
    assert program.returncode == 0, complaints

    messages = {m["message_id"]: m for m in (client.get(f"{URL}?limit=1000").json or {})["messages"]}
    expected = {"first", *(f"{who}-{n}" for who in ("api", "legacy") for n in range(50))}
    assert set(messages) == expected
    assert {m["send_status"] for m in messages.values()} == {"Y"}
    assert sorted(m["ordinal_id"] for m in messages.values()) == list(range(1, 102))
    mine = [m for key, m in messages.items() if key.startswith("legacy")]
    assert all(len(m["files"]) == 1 and m["status"]["read_status"] == "Y" for m in mine)
    agree(site, app, profile)


def agree(site: Any, app: Any, profile: str) -> None:
    """Both stores of the profile hold the same, and upstream's class reads it from the files."""
    stores = app.extensions["messaging"].stores
    held = [stores.single(name).read(DEP).correspondence for name in site.settings(profile).profile.writes]
    assert all(one == held[0] for one in held)
    if "cif" in site.settings(profile).profile.writes:
        counts = [len(legacy.rows(site.file(DEP), category)) for category in (*CATEGORIES,)]
        assert counts == [101, 50, 0, 50]
