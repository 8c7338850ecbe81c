"""The service as in production: Debian's Apache and mod_wsgi, two daemon processes of four threads, and the sidecar."""

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest
from support.apache import PERSON, Apache
from support.tools import tool

MESSAGES = "/api/v1/depositions/D_1000000042/messages"
LISTED = 'messaging_requests_total{method="GET",route="/api/v1/depositions/<dep>/messages",status="200"}'
SENT, UNDER_LOAD = 10_000, 4_000
PATIENCE = 3000


@pytest.fixture(scope="module")
def apache() -> Iterator[Apache]:
    made = Apache("cif-only")
    made.start()
    yield made
    made.stop()


def load(apache: Apache, requests: int, path: str = MESSAGES) -> "subprocess.Popen[str]":
    hey = tool("hey", "hey")
    patient = ["-t", "0"]  # how long an answer takes says how busy the machine is
    arguments = [hey, *patient, "-n", str(requests), "-c", "8", "-H", f"Authorization: Bearer {apache.secret}"]
    return subprocess.Popen([*arguments, apache.address + path], stdout=subprocess.PIPE, text=True)


def eventually(holds: Callable[[], bool]) -> None:
    """Ask again and again; another process does what is waited for."""
    for _ in range(PATIENCE):
        if holds():
            return
        time.sleep(0.01)
    pytest.fail("it never came")


def answers(running: "subprocess.Popen[str]") -> dict[str, int]:
    """Count the answers by status, and what got none under its error."""
    told = running.communicate()[0]
    found = {status: int(count) for status, count in re.findall(r"\[(\d+)\]\t(\d+) responses", told)}
    errors = told.partition("Error distribution:")[2]
    return found | {error: int(count) for count, error in re.findall(r"\[(\d+)\]\t(.+)", errors)}


def test_a_program_calls_the_api_with_its_token(apache: Apache) -> None:
    status, text = apache.ask(apache.address + MESSAGES, {"message_text": "through Apache: Ångström"})
    assert (status, json.loads(text)["stores"]) == (201, {"cif": "written"})
    messages = json.loads(apache.ask(apache.address + MESSAGES)[1])["messages"]
    assert [m["message_text"] for m in messages] == ["through Apache: Ångström"]


def test_a_person_is_known_by_what_apache_authenticated_and_nothing_else(apache: Apache) -> None:
    profile = f"{apache.address}/admin/profile"
    assert apache.ask(profile, person=True)[0] == 200
    assert apache.ask(apache.address + MESSAGES, person=True)[0] == 403
    assert apache.ask(profile, headers={"Authorization": "Basic YWxpY2U6d3Jvbmc="})[0] == 401
    for forged in ("Remote-User", "Remote_User", "X-Remote-User"):
        assert apache.ask(profile, headers={"Authorization": "Bearer nonsense", forged: PERSON})[0] == 401
    assert apache.ask(f"{apache.address}/healthz", headers={"Authorization": ""})[0] == 200


def test_the_sum_over_all_processes_is_what_was_sent(apache: Apache) -> None:
    before = apache.metric(LISTED)
    assert answers(load(apache, SENT)) == {"200": SENT}
    assert apache.metric(LISTED) - before == SENT


def test_a_deployment_under_load_drops_no_request(apache: Apache) -> None:
    def processes() -> set[int]:
        return {w["pid"] for w in json.loads(apache.ask(f"{apache.admin}/admin/profile")[1])["workers"]}

    before, counted = processes(), apache.metric(LISTED)
    running = load(apache, UNDER_LOAD)
    eventually(lambda: apache.metric(LISTED) > counted)
    apache.deploy()
    assert answers(running) == {"200": UNDER_LOAD}
    assert len(processes() - before) >= 2
    assert apache.metric(LISTED) - counted == UNDER_LOAD


def test_a_switch_is_followed_by_all_processes(apache: Apache) -> None:
    body = {"to": "dual-write-cif-read", "expected_epoch": 1, "reason": "phase 1"}
    status, text = apache.ask(f"{apache.address}/admin/profile", body, person=True)
    assert (status, json.loads(text)["who"]) == (200, f"user {PERSON}")
    for _ in range(PATIENCE):
        workers = json.loads(apache.ask(f"{apache.address}/admin/profile", person=True)[1])["workers"]
        apache.ask(f"{apache.admin}/admin/profile")
        if {w["epoch"] for w in workers} == {2}:
            break
    assert [w["epoch"] for w in workers] == [2, 2, 2]
    written = json.loads(apache.ask(apache.address + MESSAGES, {"message_text": "both"})[1])
    assert written["stores"] == {"cif": "written", "database": "written"}


def test_the_log_speaks_of_a_refused_request_by_its_id(apache: Apache) -> None:
    _, text = apache.ask(f"{apache.address}/nowhere", headers={"Authorization": "Bearer nonsense"})
    known = json.loads(text)["error"]["details"]["request_id"]
    eventually(lambda: apache.log().count(known) == 2)  # Apache writes its own line behind the answer
    assert apache.secret not in apache.log()
