"""MariaDB for tests: fresh databases on the machine's server, and private servers that may be stopped and killed."""

import os
import shutil
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pymysql
import pytest

HOST, PORT, USER = "127.0.0.1", 3306, "root"
_START_SECONDS = 60


def absent(reason: str) -> None:
    """Skip a test that needs MariaDB; where CI runs, that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(f"CI needs MariaDB: {reason}")
    pytest.skip(f"no MariaDB: {reason}")


@contextmanager
def fresh_database(*, exists: bool = True) -> Iterator[str]:
    """Give the URL of a new, empty database on the machine's server, with a charset that ours must not rely on.

    One that does not exist yet is left for the test to make.
    """
    name = f"messaging_test_{uuid.uuid4().hex[:12]}"
    try:
        connection = pymysql.connect(host=HOST, port=PORT, user=USER, autocommit=True, connect_timeout=3)
    except pymysql.OperationalError as error:
        absent(str(error))
        raise
    with connection, connection.cursor() as cursor:
        if exists:
            cursor.execute(f"CREATE DATABASE {name} CHARACTER SET latin1")
        try:
            yield f"mysql://{USER}@{HOST}:{PORT}/{name}"
        finally:
            cursor.execute(f"DROP DATABASE IF EXISTS {name}")


class PrivateServer:
    """A mariadbd of our own, on a free port and in a directory of the test."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind((HOST, 0))
            self.port = int(free.getsockname()[1])
        if not shutil.which("mariadbd") or not shutil.which("mariadb-install-db"):
            absent("mariadbd or mariadb-install-db is not installed")
        self._install()

    @property
    def url(self) -> str:
        return f"mysql://{USER}@{HOST}:{self.port}/messaging"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self._process = subprocess.Popen(
            [
                "mariadbd",
                "--no-defaults",
                *self._options(),
                f"--port={self.port}",
                f"--bind-address={HOST}",
                "--skip-grant-tables=0",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the private mariadbd did not start: {(self._directory / 'error.log').read_text()[-2000:]}")

    def start_again(self) -> None:
        """Start the server where a test has left it stopped."""
        if self._process is None:
            self.start()

    def stop(self) -> None:
        """Stop the server in good order."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kill the server as a crash would."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=_START_SECONDS)
            self._process = None

    def _install(self) -> None:
        command = ["mariadb-install-db", "--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]
        subprocess.run([*command, *self._options()], check=True, capture_output=True)

    def _options(self) -> list[str]:
        user = ["--user=root"] if os.getuid() == 0 else []
        return [
            f"--datadir={self._directory / 'data'}",
            f"--tmpdir={self._directory}",  # a server that starts removes the temporary tables of others in its folder
            f"--socket={self._directory / 'socket'}",
            f"--pid-file={self._directory / 'pid'}",
            f"--log-error={self._directory / 'error.log'}",
            *user,
        ]

    def _answers(self) -> bool:
        try:
            pymysql.connect(host=HOST, port=self.port, user=USER, connect_timeout=1).close()
        except pymysql.OperationalError:
            return False
        return True
