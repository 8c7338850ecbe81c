"""Metrics of processes that are gone: their gauges go with them, what they counted stays."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from support.server import Server
from support.site import Site

from service.process_files import clear, swept

DOWN = "mysql://nobody@127.0.0.1:1/nowhere"
URL = "/api/v1/depositions/D_1000000042/messages"
OPEN = 'messaging_breaker_state{breaker="database"}'
COUNTED = 'messaging_requests_total{method="GET",route="/healthz",status="200"}'
WORKER = """
from prometheus_client import Counter, Gauge, Histogram
Counter("c", "c", ["l"]).labels("x").inc(2)
Gauge("g", "g", multiprocess_mode="livemax").set(2)
Histogram("h", "h", buckets=(1, 2)).observe(1.5)
"""
SCRAPE = """
import pathlib, os
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from service.process_files import swept
with swept(pathlib.Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])):
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    print(generate_latest(registry).decode())
"""
BREAKS = """
from service.metrics import Metrics
Metrics().breaker_moved("database", "open")
"""
STARTS = """
import os, pathlib
for left in pathlib.Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).glob("*.db"):
    mine = left.with_name(f"{left.stem.rpartition('_')[0]}_{os.getpid()}.db")
    left.rename(mine)
    os.utime(mine, (1, 1))  # as if made long before this process
from service.metrics import Metrics
print(Metrics().exposition().decode())
"""


def python(code: str, directory: Path) -> str:
    environ = {"PATH": os.environ["PATH"], "PROMETHEUS_MULTIPROC_DIR": str(directory)}
    return subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True).stdout


def test_sums_of_dead_processes_are_kept_in_one_file_however_many_there_were(tmp_path: Path) -> None:
    for round_ in (1, 2, 3):
        python(WORKER, tmp_path)
        told = python(SCRAPE, tmp_path).splitlines()
        assert f'c_total{{l="x"}} {2.0 * round_}' in told
        assert f"h_count {float(round_)}" in told
        assert f'h_bucket{{le="2.0"}} {float(round_)}' in told
        assert f"h_sum {1.5 * round_}" in told
        assert not [line for line in told if line.startswith("g ")]
    assert sorted(path.name for path in tmp_path.glob("*.db")) == ["counter_dead.db", "histogram_dead.db"]


def test_a_process_number_given_anew_does_not_bring_a_gauge_back(tmp_path: Path) -> None:
    python(WORKER, tmp_path)
    [left] = tmp_path.glob("gauge_livemax_*.db")
    stuck = left.with_name(f"gauge_livemax_{os.getpid()}.db")
    left.rename(stuck)
    os.utime(stuck, (1, 1))  # made long before the process that has this number now
    with swept(tmp_path):
        assert not stuck.exists()


def test_a_process_that_starts_under_the_number_of_a_dead_one_begins_anew(tmp_path: Path) -> None:
    python(BREAKS, tmp_path)
    assert len(list(tmp_path.glob("*.db"))) > 1
    told = python(STARTS, tmp_path).splitlines()
    assert f"{OPEN} 0.0" in told
    assert 'messaging_breaker_transitions_total{breaker="database",to="open"} 1.0' in told


def test_the_files_of_the_living_are_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / f"gauge_livemax_{os.getpid()}.db"
    mine.touch()
    with swept(tmp_path):
        assert mine.exists()


def test_no_gauge_stays_stuck_when_a_worker_is_killed(site: Site) -> None:
    site.app("dual-write-cif-read")
    server = Server(Site(site.root, DOWN), "dual-write-cif-read", MSGMODULE_BREAKER_FAIL_MAX="1")
    try:
        for _ in range(20):
            server.ask("/healthz")
            server.ask(URL, {"message_text": "t"})
        assert server.metric(OPEN) == 2
        counted = server.metric(COUNTED)
        for victim in server.processes():
            os.kill(victim, signal.SIGKILL)
        assert server.metric_when_up(OPEN) == 0
        assert server.metric(COUNTED) == counted
    finally:
        server.stop()


def test_a_start_drops_what_an_earlier_run_left_and_no_more(tmp_path: Path) -> None:
    alive = f"counter_{os.getpid()}.db"
    dead = {"counter_4194305.db", "histogram_4194305.db", "counter_dead.db", "histogram_dead.db", "gauge_liveall_4194305.db"}
    others = {"messages.db", "counter_x.db", "counter_12.db-wal"}
    for name in (alive, *dead, *others):
        (tmp_path / name).touch()
    clear(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {alive, "sweep.lock", *others}
