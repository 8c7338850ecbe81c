"""Metrics: true over all processes of a server that `msgmodule run` serves, through switches and the death of a worker."""

import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.server import Server
from support.site import Site

URL = "/api/v1/depositions/D_1000000042/messages"
PATIENCE = 3000


@pytest.fixture
def server(site: Site) -> Iterator[Server]:
    made = Server(site, "cif-only")
    yield made
    made.stop()


def test_the_sum_over_both_workers_is_what_was_sent(server: Server) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: server.ask("/healthz"), range(120)))
        list(pool.map(lambda n: server.ask(URL, {"message_text": str(n)}), range(12)))

    assert server.metric('messaging_requests_total{method="GET",route="/healthz",status="200"}') == 120
    route = "/api/v1/depositions/<dep>/messages"
    assert server.metric(f'messaging_requests_total{{method="POST",route="{route}",status="201"}}') == 12
    assert server.metric(f'messaging_request_duration_seconds_count{{route="{route}"}}') == 12
    assert server.metric('messaging_store_operations_total{operation="write",outcome="ok",store="cif"}') == 12
    assert server.metric('messaging_profile_info{profile="cif-only"}') == 1
    assert server.metric('messaging_profile_info{profile="db-only"}') == 0
    assert len(json.loads(server.ask(URL))["messages"]) == 12


def test_a_switch_is_followed_by_both_workers(server: Server) -> None:
    server.ask("/admin/profile", {"to": "dual-write-cif-read", "expected_epoch": 1, "reason": "phase 1"})
    for _ in range(PATIENCE):
        if list(server.workers().values()) == [2, 2]:
            break
    assert list(server.workers().values()) == [2, 2]
    assert server.metric("messaging_profile_epoch") == 2
    assert server.metric('messaging_profile_info{profile="dual-write-cif-read"}') == 1
    assert server.metric('messaging_profile_info{profile="cif-only"}') == 0


def test_a_worker_that_is_killed_is_replaced_and_its_numbers_are_kept(server: Server) -> None:
    for _ in range(20):
        server.ask("/healthz")
    victim = next(iter(server.workers()))
    os.kill(victim, signal.SIGKILL)
    for _ in range(PATIENCE):
        server.ask("/healthz")
        alive = server.workers()
        if len(alive) == 2 and victim not in alive:
            break
    assert len(server.workers()) == 2
    assert victim not in server.workers()
    assert server.metric('messaging_requests_total{method="GET",route="/healthz",status="200"}') > 20
    assert json.loads(server.ask(URL, {"message_text": "t"}))["stores"] == {"cif": "written"}


def test_a_restart_begins_the_numbers_anew_and_follows_the_switched_profile(site: Site) -> None:
    first = Server(site, "cif-only")
    first.ask("/healthz")
    first.ask("/admin/profile", {"to": "dual-write-cif-read", "expected_epoch": 1, "reason": "phase 1"})
    assert first.stop() == 0
    second = Server(site, "cif-only")
    try:
        assert second.metric('messaging_requests_total{method="GET",route="/healthz",status="200"}') == 0
        assert second.metric("messaging_profile_epoch") == 2
        assert json.loads(second.ask(URL, {"message_text": "t"}))["stores"] == {"cif": "written", "database": "written"}
    finally:
        assert second.stop() == 0


def test_requests_are_counted_under_their_route_and_never_their_path(site: Site) -> None:
    client = site.client(site.app("cif-only"))
    for path in ("/api/v1/depositions/D_1/messages", "/api/v1/depositions/D_2/messages", "/secret/1", "/secret/2"):
        client.get(path)
    metrics = client.get("/admin/metrics").text
    route = "/api/v1/depositions/<dep>/messages"
    assert f'messaging_requests_total{{method="GET",route="{route}",status="404"}} 2.0' in metrics
    assert 'messaging_requests_total{method="GET",route="(none)",status="404"} 2.0' in metrics
    assert "D_1" not in metrics
    assert "secret" not in metrics


def test_a_caller_without_a_token_cannot_make_series_by_inventing_methods(site: Site) -> None:
    app = site.app("cif-only")
    for n in range(5):
        app.test_client().open("/", method=f"INVENTED{n}")
    assert "INVENTED" not in site.client(app).get("/admin/metrics").text


def test_what_happens_to_the_stores_is_counted(site: Site) -> None:
    client = site.client(site.app("dual-write-db-read"))
    client.post(URL, json={"message_text": "t"})
    client.get(URL)
    site.file("D_1000000042").unlink()
    client.get(URL)
    metrics = client.get("/admin/metrics").text
    for line in (
        'messaging_store_operations_total{operation="write",outcome="ok",store="cif"} 1.0',
        'messaging_store_operations_total{operation="write",outcome="ok",store="database"} 1.0',
        'messaging_syncs_total{outcome="ok",reason="read"} 1.0',
        "messaging_healed_rows_total 1.0",
        "messaging_foreign_changes_total 1.0",
        'messaging_breaker_state{breaker="database"} 0.0',
    ):
        assert line in metrics, line


def test_a_write_without_the_database_is_counted_as_degraded(site: Site) -> None:
    site.app("dual-write-cif-read")
    down = Site(site.root, "mysql://nobody@127.0.0.1:1/nowhere")
    client = down.client(down.app("dual-write-cif-read"))
    written = client.post(URL, json={"message_text": "t"}).json or {}
    assert written["stores"] == {"cif": "written", "database": "behind"}
    metrics = client.get("/admin/metrics").text
    assert 'messaging_degraded_writes_total{store="database"} 1.0' in metrics
    assert 'outcome="database_unavailable",store="database"' in metrics
