"""A file that is known to lack a message does not answer for it while the database is down; others do."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from support.mariadb import PrivateServer
from support.site import Site, make_site

from service.storage.cif.lock import lock_of

BEHIND, CURRENT = "D_1000000001", "D_1000000002"
HOLD = "import sys; open(sys.argv[1], 'x').close(); print('held', flush=True); sys.stdin.read()"
pytestmark = pytest.mark.mariadb


@pytest.fixture
def site(tmp_path: Path, private_mariadb: PrivateServer) -> Iterator[Site]:
    made = make_site(tmp_path, private_mariadb.url.replace("/messaging", f"/stale_{tmp_path.name[-40:].replace('-', '_')}"))
    made.initialise()
    yield made
    private_mariadb.start_again()


def url(deposition_data_set_id: str) -> str:
    return f"/api/v1/depositions/{deposition_data_set_id}/messages"


def send(client: FlaskClient, deposition_data_set_id: str, message_id: str) -> dict[str, str]:
    answer = client.post(url(deposition_data_set_id), json={"message_id": message_id, "message_text": "x"})
    assert answer.status_code == 201, answer.json
    stores: dict[str, str] = (answer.json or {})["stores"]
    return stores


@contextmanager
def locked_by_another_program(path: Path) -> Iterator[None]:
    """Have a process of somebody else hold the lock of a file."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", HOLD, str(lock_of(path))], stdin=pipe, stdout=pipe, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        yield


def test_a_file_that_lacks_a_message_is_no_answer_and_a_current_one_is(site: Site, private_mariadb: PrivateServer) -> None:
    client = site.client(site.app("dual-write-db-read", MSGMODULE_LOCK_TIMEOUT="0.2"))
    for deposition_data_set_id in (BEHIND, CURRENT):
        assert send(client, deposition_data_set_id, "m1") == {"cif": "written", "database": "written"}
    with locked_by_another_program(site.file(BEHIND)):
        assert send(client, BEHIND, "m2") == {"cif": "behind", "database": "written"}
        assert [m["message_id"] for m in (client.get(url(BEHIND)).json or {})["messages"]] == ["m1", "m2"]
        private_mariadb.stop()

        for path in (url(BEHIND), f"{url(BEHIND)}/m1", f"{url(BEHIND)}/m2"):
            refused = client.get(path)
            assert (refused.status_code, (refused.json or {})["error"]["code"]) == (503, "stale_answer_refused")
            assert int(refused.headers["Retry-After"]) > 0
        answer = client.get(url(CURRENT))
        assert (answer.status_code, answer.headers["X-Served-By"]) == (200, "cif")
        found = answer.json or {}
        assert (found["served_by"], found["unverified"]) == ("cif", True)
        assert [m["message_id"] for m in found["messages"]] == ["m1"]
        samples = client.get("/admin/metrics").text.splitlines()
        assert {"messaging_stale_reads_refused_total 3.0", "messaging_fallback_reads_total 1.0"} <= set(samples)

        private_mariadb.start()
    lock_of(site.file(BEHIND)).unlink()
    again = client.get(url(BEHIND))
    assert (again.status_code, again.headers["X-Served-By"]) == (200, "database")
    assert [m["message_id"] for m in (again.json or {})["messages"]] == ["m1", "m2"]
