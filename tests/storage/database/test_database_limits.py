"""What a server under load or under a newer default answers is an outage or a retry, and no refusal of the content."""

import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest
from sqlalchemy import create_engine, text
from support.contract import append
from support.dual import DEP, Dual, drafted, dual
from support.mariadb import PrivateServer
from support.proxy import Proxy
from support.site import DUAL, Site, make_site

from service.errors import DatabaseRefused, MessagingError
from service.services import services_of

pytestmark = pytest.mark.mariadb


@pytest.fixture
def name() -> str:
    return f"limits_{uuid.uuid4().hex[:12]}"


@pytest.fixture
def site(tmp_path: Path, private_mariadb: PrivateServer, name: str) -> Site:
    made = make_site(tmp_path, private_mariadb.url.replace("/messaging", f"/{name}"))
    made.initialise()
    return made


def execute(server: PrivateServer, *statements: str) -> None:
    with pymysql.connect(host="127.0.0.1", port=server.port, user="root") as root, root.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.fixture(params=DUAL)
def crowded(request: pytest.FixtureRequest, site: Site, private_mariadb: PrivateServer, name: str) -> Iterator[Dual]:
    """A dual profile whose database user has used up its connections, with one message in both stores."""
    user = name[:16]
    execute(
        private_mariadb,
        f"CREATE USER {user}@'127.0.0.1' WITH MAX_USER_CONNECTIONS 1",
        f"GRANT ALL ON {name}.* TO {user}@'127.0.0.1'",
    )
    full = dual(site, request.param)
    full.append("before")
    full.read()
    theirs = Site(site.root, site.database_url.replace("root@", f"{user}@"))
    with pymysql.connect(host="127.0.0.1", port=private_mariadb.port, user=user):
        yield dual(theirs, request.param)


def test_a_user_without_a_connection_left_is_an_outage_and_the_files_answer(crowded: Dual) -> None:
    assert crowded.append("m1").stores == {"cif": "written", "database": "behind"}
    answer = crowded.chain.read(DEP)
    assert (answer.served_by, answer.unverified) == ("cif", True)
    assert [m.message_id for m in answer.correspondence.messages] == ["before", "m1"]


def test_connections_used_up_count_for_the_breaker(crowded: Dual) -> None:
    crowded.append("m1")
    guard = crowded.services.stores.database.guard
    assert guard is not None
    assert guard.failures > 0


@pytest.fixture
def isolated(private_mariadb: PrivateServer) -> Iterator[None]:
    """A server that ends a transaction whose row was changed since its snapshot, as newer versions do by default."""
    execute(private_mariadb, "SET GLOBAL innodb_snapshot_isolation = ON")
    yield
    execute(private_mariadb, "SET GLOBAL innodb_snapshot_isolation = DEFAULT")


@pytest.mark.usefixtures("isolated")
def test_messages_that_cross_are_all_taken_under_snapshot_isolation(site: Site) -> None:
    databases = [site.services("db-only").stores.database for _ in range(4)]
    together = threading.Barrier(4)
    failed: list[Exception] = []

    def send(number: int) -> None:
        together.wait()
        try:
            for n in range(6):
                append(databases[number], DEP, f"{number}-{n}")
        except MessagingError as error:
            failed.append(error)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert len(databases[0].read(DEP).correspondence.messages) == 24


def test_the_probe_leaves_no_row_in_any_table(site: Site) -> None:
    site.services("db-only").stores.database.probe()
    with create_engine(site.database_url.replace("mysql:", "mysql+pymysql:")).connect() as connection:
        assert connection.scalar(text("SELECT COUNT(*) FROM deposition")) == 0


@pytest.mark.parametrize("profile", ["db-only", "dual-write-db-read"])
def test_a_row_that_a_vanished_host_locked_is_free_again_within_seconds(
    site: Site, profile: str, private_mariadb: PrivateServer
) -> None:
    seconds = {"MSGMODULE_DATABASE_READ_TIMEOUT": "1", "MSGMODULE_CIRCUIT_BREAKER": "false"}
    drafted(site, "dual-write-db-read")
    client = site.client(site.app(profile, **seconds))
    proxy = Proxy(private_mariadb.port)
    theirs = Site(site.root, site.database_url.replace(f":{private_mariadb.port}/", f":{proxy.port}/"))
    engine = services_of(theirs.app(profile, **seconds)).stores.database._database._engines.work
    with engine.connect() as connection:
        connection.execute(
            text("SELECT version FROM deposition WHERE deposition_data_set_id = :key FOR UPDATE"), {"key": DEP}
        )
        proxy.hang()  # the server hears neither an end of the transaction nor one of the connection

        url, message = f"/api/v1/depositions/{DEP}/messages", {"message_text": "t"}
        *_, last = (client.post(url, json=message) for _ in range(10))

        assert (last.status_code, last.json and last.json["stores"]["database"]) == (201, "written")
        connection.invalidate()
    proxy.close()


def test_a_row_that_the_server_does_not_take_is_refused_and_is_no_outage(site: Site) -> None:
    full = dual(site, "db-only")
    guard = full.services.stores.database.guard
    with pytest.raises(DatabaseRefused, match="raise max_allowed_packet"):
        full.append("m1", "x" * 17_000_000)
    assert guard is not None
    assert guard.failures == 0
    assert full.append("m2").stores == {"database": "written"}
