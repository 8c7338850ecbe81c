"""What a failure of the server means: which ones count as an outage, which are tried again, which are ours to know."""

import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Connection, Engine, create_engine, text
from support import mariadb
from support.site import Site, make_site

from service.errors import DatabaseNotReady, DatabaseRefused, DatabaseUnavailable, MessagingError
from service.storage.base import Observer
from service.storage.database.failures import DEADLOCK, Deadlock, translated
from service.storage.database.transactions import Transactions
from service.storage.guard import Guard, GuardedDatabase

UNAVAILABLE = (
    *(1021, 1030, 1040, 1047, 1053, 1114, 1180, 1203, 1205, 1226, 1290, 1317, 1927, 1969),
    *(2002, 2003, 2006, 2013, 2014, 2055),
)
NOT_READY = (1044, 1045, 1049, 1054, 1130, 1142, 1146, 1698)
CASES: list[tuple[int, type[Exception]]] = [
    *((code, DatabaseUnavailable) for code in UNAVAILABLE),
    *((code, DatabaseNotReady) for code in NOT_READY),
    (DEADLOCK, Deadlock),
    (1062, DatabaseRefused),
    (1406, DatabaseRefused),
]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with mariadb.fresh_database() as url:
        made = create_engine(url.replace("mysql:", "mysql+pymysql:"))
        yield made
        made.dispose()


@pytest.mark.mariadb
@pytest.mark.parametrize(("code", "error"), CASES)
def test_a_code_of_the_server_is_what_it_means(engine: Engine, code: int, error: type[Exception]) -> None:
    with pytest.raises(error), translated(), engine.connect() as connection:
        connection.execute(text(f"SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = {code}, MESSAGE_TEXT = 'as if'"))


@pytest.mark.mariadb
@pytest.mark.parametrize(("deadlocks", "works"), [(1, True), (4, True), (5, False)])
def test_a_deadlock_is_tried_again_as_a_whole(engine: Engine, deadlocks: int, works: bool) -> None:
    left = [deadlocks]

    def work(connection: Connection) -> str:
        if left[0]:
            left[0] -= 1
            connection.execute(text(f"SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = {DEADLOCK}"))
        return "done"

    if works:
        assert Transactions(engine).run(work) == "done"
    else:
        with pytest.raises(DatabaseUnavailable, match="deadlock"):
            Transactions(engine).run(work)


def test_a_server_that_takes_the_connection_and_says_nothing_is_given_up(tmp_path_factory: pytest.TempPathFactory) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"mysql://u@127.0.0.1:{silent.getsockname()[1]}/nothing"
        limits = {"MSGMODULE_DATABASE_CONNECT_TIMEOUT": "0.2", "MSGMODULE_DATABASE_READ_TIMEOUT": "0.2"}
        services = Site(tmp_path_factory.mktemp("site"), url).services("db-only", **limits)
        with pytest.raises(DatabaseUnavailable):
            services.stores.database.read("D_1000000001")


def test_a_pool_without_a_free_connection_is_an_outage_and_counts(site: Site) -> None:
    services = site.services("db-only", MSGMODULE_DATABASE_CONNECT_TIMEOUT="0.1")
    store = services.stores.database._database
    pool = [store._reading.connect() for _ in range(16)]
    guard = Guard(1, 60, Observer())
    with pytest.raises(DatabaseUnavailable):
        GuardedDatabase(store, guard, Observer()).read("D_1000000001")
    assert guard.state == "open"
    for connection in pool:
        connection.close()


def test_the_files_are_served_without_one_connection_to_a_database(tmp_path_factory: pytest.TempPathFactory) -> None:
    with socket.create_server(("127.0.0.1", 0)) as watched:
        watched.setblocking(False)
        url = f"mysql://u@127.0.0.1:{watched.getsockname()[1]}/nothing"
        site = make_site(tmp_path_factory.mktemp("site"), "sqlite:///none.db")
        site.services("cif-only").switching.start()  # the very first start asks what the database knows, where there is one
        site = replace(site, database_url=url)
        client = site.client(site.app("cif-only"))
        assert client.post("/api/v1/depositions/D_1000000001/messages", json={"message_text": "x"}).status_code == 201
        assert client.get("/readyz").status_code == 200
        with pytest.raises(BlockingIOError):
            watched.accept()


def test_a_refusal_shows_no_text_of_a_message(site: Site) -> None:
    services = site.services("db-only")
    engine = services.stores.database._database._reading
    with pytest.raises(MessagingError) as refused, translated(), engine.begin() as connection:
        connection.execute(text("INSERT INTO deposition VALUES (:secret)"), {"secret": "dear depositors"})
    assert "dear depositors" not in refused.value.message
