"""What a failure is called where no number of the server says it: SQLite's words, and a connection that is gone."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool
from support import mariadb
from support.dual import dual
from support.site import DUAL, Site

from service.errors import DatabaseNotReady, DatabaseRefused, DatabaseUnavailable
from service.storage.database.failures import translated


@pytest.mark.parametrize(
    ("before", "statement", "error"),
    [
        ("PRAGMA query_only = ON", "DELETE FROM deposition", DatabaseUnavailable),
        ("PRAGMA max_page_count = 1", "CREATE TABLE large AS SELECT zeroblob(1000000)", DatabaseUnavailable),
        ("", "SELECT column_of_tomorrow FROM deposition", DatabaseNotReady),
        ("", "SELECT * FROM table_of_tomorrow", DatabaseNotReady),
        ("", "INSERT INTO deposition (version) VALUES (NULL)", DatabaseRefused),
    ],
    ids=["readonly", "full", "column", "table", "content"],
)
def test_words_of_sqlite_are_what_they_mean(site: Site, before: str, statement: str, error: type[Exception]) -> None:
    engine = create_engine(site.database_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text(before or "SELECT 1"))
        with pytest.raises(error), translated():
            connection.execute(text(statement))


def test_a_file_that_is_no_database_is_an_outage_and_no_refusal(site: Site) -> None:
    Path(site.database_url.removeprefix("sqlite:///")).write_text("no database at all" * 1000)
    with pytest.raises(DatabaseUnavailable):
        site.services("db-only").stores.database.read("D_1000000001")


@pytest.mark.mariadb
def test_a_connection_that_is_closed_already_is_an_outage() -> None:
    with mariadb.fresh_database() as url:
        engine = create_engine(url.replace("mysql:", "mysql+pymysql:"), poolclass=NullPool)
        with engine.connect() as connection:
            connection.connection.driver_connection.close()  # type: ignore[union-attr]
            with pytest.raises(DatabaseUnavailable), translated():
                connection.execute(text("SELECT 1"))


@pytest.mark.mariadb
def test_words_in_what_a_server_says_are_not_taken_for_those_of_sqlite() -> None:
    with mariadb.fresh_database() as url:
        engine = create_engine(url.replace("mysql:", "mysql+pymysql:"), poolclass=NullPool)
        signal = "SIGNAL SQLSTATE '23000' SET MYSQL_ERRNO = 1062, MESSAGE_TEXT = 'Duplicate entry full-locked'"
        with pytest.raises(DatabaseRefused), translated(), engine.connect() as connection:
            connection.execute(text(signal))


@contextmanager
def turning_away(code: int) -> Iterator[str]:
    """A server that answers each connection with an error, as a real one does for a host that it has blocked."""
    said = b"\xff" + struct.pack("<H", code) + b"not you"
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return  # the test is over
                with connection:
                    connection.sendall(struct.pack("<I", len(said))[:3] + b"\0" + said)

        threading.Thread(target=serve, daemon=True).start()
        yield f"mysql://u@127.0.0.1:{server.getsockname()[1]}/messages"
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("code", [1129, 1130, 1135, 1999])
@pytest.mark.parametrize("profile", DUAL)
def test_a_server_that_lets_nobody_in_is_an_outage_whatever_it_says(site: Site, profile: str, code: int) -> None:
    both = dual(site, profile)
    both.append("m1")
    both.read()
    with turning_away(code) as url:
        shut_out = dual(Site(site.root, url), profile)
        assert shut_out.append("m2").stores == {"cif": "written", "database": "behind"}
        answer = shut_out.chain.read("D_1000000001")
        assert (answer.served_by, answer.unverified) == ("cif", True)
        assert [m.message_id for m in answer.correspondence.messages] == ["m1", "m2"]
        assert shut_out.chain.is_ready()
        with pytest.raises((DatabaseUnavailable, DatabaseNotReady)):
            shut_out.services.stores.database.recorded()
