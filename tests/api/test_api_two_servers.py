"""Two servers of one site on two ports: what is written through one is read through the other at once, outage or not."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError

import pytest
from support.mariadb import PrivateServer
from support.server import Server
from support.site import PROFILES, make_site

MESSAGES = "/api/v1/depositions/D_1000000001/messages"
ROUNDS = 6
Servers = tuple[Server, Server]
pytestmark = pytest.mark.mariadb


@pytest.fixture
def servers(request: pytest.FixtureRequest, tmp_path: Path, private_mariadb: PrivateServer) -> Iterator[Servers]:
    """Two servers of two workers each, over one tree, one state directory and one database."""
    site = make_site(tmp_path, private_mariadb.url.replace("/messaging", f"/two_{tmp_path.name[-40:].replace('-', '_')}"))
    site.initialise()
    made = Server(site, request.param), Server(site, request.param)
    yield made
    for server in made:
        server.stop()
    private_mariadb.start_again()


def exchange(servers: Servers, sent: list[str]) -> None:
    """Write through either server in turn, and look for everything through the other one."""
    for n in range(ROUNDS):
        writer, reader = servers[n % 2], servers[1 - n % 2]
        sent.append(json.loads(writer.ask(MESSAGES, {"message_text": f"text {n}"}))["message"]["message_id"])
        assert [m["message_id"] for m in json.loads(reader.ask(MESSAGES))["messages"]] == sent
        reader.ask(f"{MESSAGES}/{sent[-1]}/read", {})
        assert json.loads(writer.ask(f"{MESSAGES}/{sent[-1]}"))["status"]["read_status"] == "Y"


def refused(server: Server, body: dict[str, str] | None = None) -> tuple[int, bool]:
    with pytest.raises(HTTPError) as error:
        server.ask(MESSAGES, body)
    with error.value as answer:
        return answer.code, int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("servers", PROFILES[:3], indirect=True)
def test_a_write_through_one_is_read_through_the_other_before_in_and_after_an_outage(
    servers: Servers, private_mariadb: PrivateServer
) -> None:
    sent: list[str] = []
    exchange(servers, sent)
    private_mariadb.kill()
    exchange(servers, sent)
    private_mariadb.start()
    exchange(servers, sent)


@pytest.mark.parametrize("servers", PROFILES[3:], indirect=True)
def test_without_files_both_say_so_in_an_outage_and_lose_nothing(servers: Servers, private_mariadb: PrivateServer) -> None:
    sent: list[str] = []
    exchange(servers, sent)
    private_mariadb.kill()
    for server in servers * ROUNDS:
        assert refused(server) == refused(server, {"message_text": "not taken"}) == (503, True)
    private_mariadb.start()
    exchange(servers, sent)
