"""Measure the list of recent messages over 100 000 messages in MariaDB, beside straight SQL on the same tables.

The straight queries are three SELECTs on one connection, without text and fetched as tuples: messages, then files and
statuses of what was found. Ours are whole lists as `msgmodule recent` and the API get them, domain values included.
"""

import json
import os
import platform
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pymysql
from flask import Flask
from generate import message

from service.messages import Correspondence
from service.services import Services, assemble
from service.services import recent as recent_of
from service.storage.database import schema
from service.vocabulary import TO_DEPOSITOR
from service.window import Wanted
from service.words import Keyword
from settings import load

SERVER: dict[str, Any] = {"host": "127.0.0.1", "port": 3306, "user": "root"}
COUNT, EACH, YEAR, WINDOW, TRIES = 100_000, 35, 365, 30, 8
RARE, COMMON = "zirconocene", "validation"
_PLACE = (
    "SELECT deposition_data_set_id, message_id, content_type, ordinal_id, timestamp, sender, context_type, context_value,"
)
_COLUMNS = (
    " parent_message_id, message_subject, message_type, send_status FROM pdbx_deposition_message_info WHERE sent_at >= %s"
)
_ORDER = " ORDER BY sent_at DESC, deposition_data_set_id DESC, content_type DESC, position DESC"
FULL_TEXT = " AND MATCH (words) AGAINST (%s IN BOOLEAN MODE)"
LIKE = " AND (message_subject LIKE %s OR message_text LIKE %s)"
_BELONGING = "SELECT * FROM pdbx_deposition_message_{} WHERE (deposition_data_set_id, message_id) IN ({})"


def texts(rng: random.Random) -> Iterator[str]:
    """Give bodies of about 2.5 KB with the frequencies of a language: few words often, most rarely."""
    letters = "etaoinshrdlucmfwypvbgkjq"
    words = ["".join(rng.choices(letters, k=rng.randint(2, 11))) for _ in range(20_000)]
    weights = [1 / (n + 5) for n in range(len(words))]
    pieces = [" ".join(rng.choices(words, weights, k=14)) for _ in range(20_000)]
    while True:
        body = rng.choices(pieces, k=28)
        if rng.random() < 0.97:
            body.append(f"the {COMMON} report, at 1.7 Å")
        if rng.random() < 0.001:
            body.append(f"a {RARE}")
        yield "\n".join(body)


def deposition(n: int, rng: random.Random, bodies: Iterator[str], now: datetime) -> Correspondence:
    """Give a deposition whose messages lie anywhere in the year before."""
    key = f"D_{1_000_000_001 + n}"
    made = [message(key, rng, k) for k in range(EACH)]
    times = sorted(now - timedelta(seconds=rng.randrange(YEAR * 86400)) for _ in made)
    letters = tuple(
        replace(m, message_text=next(bodies), timestamp=t.strftime("%Y-%m-%d %H:%M:%S"))
        for (m, _, _), t in zip(made, times, strict=True)
    )
    files = tuple(f for _, found, _ in made for f in found)
    whole = Correspondence(key)
    home = replace(whole.section(TO_DEPOSITOR), messages=letters, files=files, statuses=tuple(s for _, _, s in made))
    return whole.with_section(home)


def fill(services: Services) -> None:
    """Write the messages as an import does."""
    rng = random.Random(5)
    bodies, now = texts(rng), datetime.now(UTC)
    for n in range(COUNT // EACH):
        made = deposition(n, rng, bodies, now)
        files = {s.content_type: (s, "generated") for s in made.sections}
        services.stores.database.bring(made.deposition_data_set_id, files, lambda _, made=made: (made, ()))  # type: ignore[misc]


class Straight:
    """The least that SQL needs for the same answer."""

    def __init__(self, database: str, since: str) -> None:
        self._cursor = pymysql.connect(**SERVER, database=database, charset="utf8mb4", autocommit=True).cursor()
        self._since = since

    def list(self, condition: str = "", *values: str, limit: int | None = None) -> int:
        statement = _PLACE + _COLUMNS + condition + _ORDER + (f" LIMIT {limit}" if limit else "")
        self._cursor.execute(statement, (self._since, *values))
        found = self._cursor.fetchall()
        for n in range(0, len(found), 500):
            keys = [(row[0], row[1]) for row in found[n : n + 500]]
            marks = ",".join(["(%s,%s)"] * len(keys))
            for category in ("file_reference", "status"):
                self._cursor.execute(_BELONGING.format(category, marks), [v for key in keys for v in key])
                self._cursor.fetchall()
        return len(found)


def median(works: dict[str, Callable[[], int]]) -> dict[str, float]:
    """Time some works by turns, now one first and now another, for the second finds the pages in memory; milliseconds."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(TRIES):
        for name, work in list(works.items())[:: -1 if turn % 2 else 1]:
            begun = time.perf_counter()
            work()
            times[name].append((time.perf_counter() - begun) * 1000)
    return {name: statistics.median(found) for name, found in times.items()}


def scenarios(services: Services, straight: Straight, since: str) -> dict[str, dict[str, Callable[[], int]]]:
    def ours(*words: str, inside: bool = False, limit: int | None = None) -> Callable[[], int]:
        wanted = Wanted(since, keywords=tuple(Keyword(word, inside) for word in words))

        def work() -> int:
            listing = recent_of(services).listing(wanted, limit=limit)
            return sum(1 for _ in islice(listing, limit))

        return work

    def like(word: str, limit: int | None = None) -> Callable[[], int]:
        return lambda: straight.list(LIKE, f"%{word}%", f"%{word}%", limit=limit)

    def full_text(word: str) -> Callable[[], int]:
        return lambda: straight.list(FULL_TEXT, f"+_{word}*")

    return {
        "rare word": {"ours": ours(RARE), "full-text": full_text(RARE), "like": like(RARE)},
        "common word": {"ours": ours(COMMON), "full-text": full_text(COMMON), "like": like(COMMON)},
        "common word, 200": {"ours": ours(COMMON, limit=200), "like": like(COMMON, 200)},
        "both words": {"ours": ours(RARE, COMMON), "like": like(RARE)},
        "inside a word": {"ours": ours(RARE[3:], inside=True), "like": like(RARE[3:])},
        "no keyword": {"ours": ours(), "straight": straight.list},
        "no keyword, 200": {"ours": ours(limit=200), "straight": lambda: straight.list(limit=200)},
    }


def ratios(found: dict[str, dict[str, float]]) -> dict[str, float]:
    """Compare as issue 5 does."""
    rare, common, plain = found["rare word"], found["common word"], found["no keyword"]
    return {
        "rare word: ours / full-text (at most 1.5)": rare["ours"] / rare["full-text"],
        "rare word: like / ours (at least 6)": rare["like"] / rare["ours"],
        "common word: ours / like (at most 1.2)": common["ours"] / common["like"],
        "no keyword: ours / straight (at most 1.3)": plain["ours"] / plain["straight"],
    }


def peaks(environ: dict[str, str]) -> dict[str, float]:
    """Give the peak memory, in MiB, of the command that lists a day and of the one that lists all with their texts."""
    command = [str(Path(sys.executable).with_name("msgmodule")), "recent", "--text", "--output", "/dev/null", "--days"]
    found = {}
    for name, days in (("one day", "1"), ("all messages", "400")):
        subprocess.run([*command, days], env=os.environ | environ, check=True)
        found[f"peak memory, {name}"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return found


@contextmanager
def site() -> Iterator[tuple[Services, str, dict[str, str]]]:
    """Make a site whose messages are in a database of its own, and drop both."""
    database = f"messaging_bench_{uuid.uuid4().hex[:8]}"
    with tempfile.TemporaryDirectory() as root:
        environ = {
            "MSGMODULE_ENV": "db-only",
            "MSGMODULE_CIF_ROOT": f"{root}/data",
            "MSGMODULE_STATE_DIR": f"{root}/state",
            "MSGMODULE_DATABASE_URL": f"mysql://root@127.0.0.1:3306/{database}",
        }
        settings = load(environ)
        schema.initialise(settings, adopt=False)
        try:
            yield assemble(Flask("bench"), settings), database, environ
        finally:
            with pymysql.connect(**SERVER) as connection, connection.cursor() as cursor:
                cursor.execute(f"DROP DATABASE {database}")


def main() -> None:
    """Print a table and, as the last line, JSON."""
    since = (datetime.now(UTC) - timedelta(days=WINDOW)).strftime("%Y-%m-%d %H:%M:%S")
    with site() as (services, database, environ):
        begun = time.perf_counter()
        fill(services)
        print(f"{COUNT} messages of {YEAR} days written in {time.perf_counter() - begun:.0f} s; the last {WINDOW} days, ms")
        found = {}
        for name, works in scenarios(services, Straight(database, since), since).items():
            counts = {work() for work in works.values()}
            found[name] = median(works)
            print(f"  {name:20}", *(f"{who} {value:.1f}" for who, value in found[name].items()), f"({counts} messages)")
        memory = peaks(environ)
    compared = ratios(found)
    for name, value in (compared | memory).items():
        print(f"  {name:44} {value:8.2f}")
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(json.dumps({"machine": machine, "milliseconds": found, "times": compared, "mebibytes": memory}))


if __name__ == "__main__":
    main()
