"""Two servers over one state directory: a switch by either is followed by both, and each shows the workers of both."""

import json
from collections.abc import Iterator

import pytest
from support.server import Server
from support.site import Site

PATIENCE = 3000


@pytest.fixture
def fleet(site: Site) -> Iterator[tuple[Server, Server]]:
    made = Server(site, "cif-only"), Server(site, "cif-only")
    yield made
    for server in made:
        server.stop()


def followed(fleet: tuple[Server, Server], epoch: int) -> bool:
    """Let every worker answer until all are under an epoch; the page of each server must show them all."""
    for _ in range(PATIENCE):
        processes = {pid for server in fleet for pid in server.processes()}  # one may be on its way still
        seen = [json.loads(server.ask("/admin/profile"))["workers"] for server in fleet]
        if all({w["pid"]: w["epoch"] for w in workers} == dict.fromkeys(processes, epoch) for workers in seen):
            return all(f"<td>{pid}</td>" in server.ask("/admin/") for server in fleet for pid in processes)
    return False


def test_a_switch_by_either_server_is_followed_by_both(fleet: tuple[Server, Server]) -> None:
    first, second = fleet
    first.ask("/admin/profile", {"to": "dual-write-cif-read", "expected_epoch": 1, "reason": "by the first"})
    assert followed(fleet, 2)
    second.ask("/admin/profile", {"to": "cif-only", "expected_epoch": 2, "reason": "by the second"})
    assert followed(fleet, 3)
    for server in fleet:
        assert server.metric("messaging_profile_epoch") == 3
        assert server.metric('messaging_profile_info{profile="cif-only"}') == 1
        assert "by the first" in server.ask("/admin/")
