"""The store contract: four threads and four processes change one deposition at once, and nothing is lost or done twice."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from support.contract import append
from support.site import DUAL, PROFILES, Site, make_site

from service.storage.base import Store
from service.storage.database import transactions

DEP = "D_1000000001"
EACH = 5
#: What is tested is the order, not the disk: on a busy machine seven others may take longer than a test waits otherwise.
LOCK_TIMEOUT = "60"
WRITER = """
import sys
from pathlib import Path
from support.contract import append
from support.site import Site
root, url, profile, name, dep, each, timeout = sys.argv[1:]
services = Site(Path(root), url).services(profile, MSGMODULE_LOCK_TIMEOUT=timeout)
chain = services.stores.chain(services.settings.profile)
print("ready", flush=True)
sys.stdin.readline()
for n in range(int(each)):
    append(chain, dep, f"{name}-{n}", message_text=name)
    chain.read(dep)
"""


@pytest.fixture
def started(tmp_path: Path, database_url: str) -> Site:
    site = make_site(tmp_path, database_url)
    site.initialise()
    return site


def process(site: Site, profile: str, name: str) -> subprocess.Popen[str]:
    """Start a process that is ready and waits for a line before it writes."""
    tests = str(Path(__file__).parents[1])
    program = f"import sys; sys.path[:0] = [{tests!r}, {str(Path(tests).parent)!r}]" + WRITER
    given = [str(site.root), site.database_url, profile, name, DEP, str(EACH), LOCK_TIMEOUT]
    command = [sys.executable, "-c", program, *given]
    pipe = subprocess.PIPE
    started = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    assert started.stdout
    assert started.stdout.readline() == "ready\n"
    return started


def chain_of(site: Site, profile: str) -> Store:
    services = site.services(profile, MSGMODULE_LOCK_TIMEOUT=LOCK_TIMEOUT)
    return services.stores.chain(services.settings.profile)


def together(site: Site, profile: str) -> list[str]:
    """Let four threads of one process and four processes append; give what failed."""
    chain, faults = chain_of(site, profile), []
    ready = threading.Barrier(5)

    def write(name: str) -> None:
        ready.wait()
        try:
            for n in range(EACH):
                append(chain, DEP, f"{name}-{n}", message_text=name)
                chain.read(DEP)
        except Exception as error:  # noqa: BLE001 - any fault of a writer is a fault of the store
            faults.append(repr(error))

    processes = [process(site, profile, f"process{n}") for n in range(4)]
    threads = [threading.Thread(target=write, args=(f"thread{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    ready.wait()
    for started in processes:
        assert started.stdin
        started.stdin.write("go\n")
        started.stdin.flush()
    faults += [told for started in processes if (told := started.communicate()[1])]
    for thread in threads:
        thread.join()
    return faults


@pytest.mark.parametrize("profile", PROFILES)
def test_nothing_is_lost_when_threads_and_processes_append_to_one_new_deposition(started: Site, profile: str) -> None:
    assert together(started, profile) == []
    found = chain_of(started, profile).read(DEP).correspondence
    names = [f"{kind}{k}-{n}" for kind in ("process", "thread") for k in range(4) for n in range(EACH)]
    assert sorted(str(m.message_id) for m in found.messages) == names
    assert sorted(int(m.ordinal_id or 0) for m in found.messages) == list(range(1, len(names) + 1))
    for name in {n.rpartition("-")[0] for n in names}:
        own = [m.message_id for m in found.messages if m.message_text == name]
        assert own == [f"{name}-{n}" for n in range(EACH)]
    if profile in DUAL:
        assert_equal(started)


def assert_equal(site: Site) -> None:
    stores = site.services(DUAL[0]).stores
    assert stores.cif.read(DEP).correspondence == stores.database.read(DEP).correspondence
    state = stores.database.state(DEP)
    assert state is not None
    assert stores.cif.matches(DEP, state.signatures)


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("profile", DUAL)
def test_threads_that_meet_at_or_beside_depositions_new_to_the_database_write_both_stores(
    started: Site, profile: str, apart: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "_TRIES", 2)  # to find no row, and to make it: none ends another's in a deadlock
    depositions = [f"D_{1000000001 + n}" for n in range(18)]
    chains = {name: chain_of(started, name) for name in ("cif-only", profile)}
    for dep in depositions:
        append(chains["cif-only"], dep, "before")
    meeting, stores = threading.Barrier(6), []

    def write(n: int) -> None:
        for k in range(len(depositions)):
            meeting.wait()
            dep = depositions[(6 * k + n) % len(depositions) if apart else k]
            stores.append(append(chains[profile], dep, f"thread{n}").stores)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stores == [{"cif": "written", "database": "written"}] * (len(threads) * len(depositions))
