"""Measure one change and one read in MariaDB beside SQL written by hand, in one run: `make bench-db`.

By hand means: PyMySQL on one connection, the deposition's row locked, the last positions asked, the same rows inserted, the
version moved, one commit; and for a read the four straight selects, their rows left as they come. MariaDB listens on
127.0.0.1:3306 (user root).
"""

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

import pymysql
from support import mariadb
from support.site import make_site

from service.changes import AppendMessage
from service.messages import CATEGORIES, Correspondence, FileReference, Message, Section
from service.storage.base import Snapshot
from service.storage.database.rows import derived
from service.storage.guard import GuardedDatabase
from service.vocabulary import CONTENT_TYPES, TO_DEPOSITOR

SIZES, ROUNDS, REFERENCES = (10, 1000, 5000), 40, 5
BODY = "Dear depositor, the model was looked at again. " * 53  # about 2.5 KB
WHEN = "2026-01-02 03:04:05"
_names = count()


@dataclass(slots=True)
class Bench:
    """One deposition of a size, the store that we measure, and a connection for what is written by hand."""

    database: GuardedDatabase
    connection: Any
    deposition: str

    def ours(self) -> None:
        message, files = rows(self.deposition, f"ours-{next(_names)}")
        self.database.apply(AppendMessage(self.deposition, message, files))

    def by_hand(self) -> None:
        """Insert the rows of one message, as a program would that knows the tables and nothing else."""
        message, files = rows(self.deposition, f"hand-{next(_names)}")
        key = (self.deposition, TO_DEPOSITOR)
        made = derived(message.timestamp, message.message_subject, message.message_text)
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT version FROM deposition WHERE deposition_data_set_id = %s FOR UPDATE", key[:1])
            last = []
            for table, column in ((MESSAGES, "content_type"), (FILES, "in_file")):
                cursor.execute(f"SELECT MAX(position) FROM {table} WHERE deposition_data_set_id = %s AND {column} = %s", key)
                last.append(cursor.fetchone()[0] or 0)
            stored = (*key, last[0] + 1, str(last[0] + 1), message.message_id, self.deposition, WHEN, BODY, *made.values())
            cursor.execute(
                f"INSERT INTO {MESSAGES} (deposition_data_set_id, content_type, position, ordinal_id, message_id,"
                f" stated_data_set_id, timestamp, message_text, words, sent_at) VALUES ({', '.join(['%s'] * 10)})",
                stored,
            )
            cursor.executemany(
                f"INSERT INTO {FILES} (deposition_data_set_id, in_file, position, ordinal_id, message_id,"
                " stated_data_set_id, upload_file_name) VALUES (%s, %s, %s, %s, %s, %s, %s)",
                [
                    (*key, n, str(n), f.message_id, self.deposition, f.upload_file_name)
                    for n, f in enumerate(files, last[1] + 1)
                ],
            )
            cursor.execute("UPDATE deposition SET version = version + 1 WHERE deposition_data_set_id = %s", key[:1])
        self.connection.commit()

    def read(self) -> None:
        self.database.snapshot(self.deposition)

    def read_by_hand(self) -> None:
        with self.connection.cursor() as cursor:
            for table in CATEGORIES:
                cursor.execute(
                    f"SELECT * FROM {table} WHERE deposition_data_set_id = %s ORDER BY position", (self.deposition,)
                )
                cursor.fetchall()
        self.connection.rollback()


MESSAGES, FILES, *_ = CATEGORIES


def rows(deposition: str, message_id: str) -> tuple[Message, tuple[FileReference, ...]]:
    message = Message(TO_DEPOSITOR, None, message_id, deposition, WHEN, message_text=BODY, send_status="Y")
    references = (FileReference(None, message_id, deposition, upload_file_name=f"f{n}.cif") for n in range(REFERENCES))
    return message, tuple(references)


def filled(database: GuardedDatabase, deposition: str, size: int) -> None:
    """Put a deposition of so many messages in at once."""
    made = [rows(deposition, f"m{n}") for n in range(size)]
    section = Section(TO_DEPOSITOR, tuple(m for m, _ in made), tuple(f for _, files in made for f in files))
    correspondence = Correspondence(deposition).with_section(section)
    database.add([Snapshot(correspondence, dict.fromkeys(CONTENT_TYPES), version=1)])


def in_turns(*works: Callable[[], None]) -> list[float]:
    """Time each work, in turns so that what the machine does besides meets all alike; give medians in milliseconds."""
    seconds: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for work, times in zip(works, seconds, strict=True):
            begun = time.perf_counter()
            work()
            times.append(time.perf_counter() - begun)
    return [round(median(times) * 1e3, 3) for times in seconds]


def main() -> None:
    """Print the figures as JSON."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder, mariadb.fresh_database() as url:
        site = make_site(Path(folder), url)
        site.initialise()
        database = site.services("db-only").stores.database
        with pymysql.connect(host=mariadb.HOST, user=mariadb.USER, database=url.rpartition("/")[2]) as connection:
            benches = {size: Bench(database, connection, f"D_{size}") for size in SIZES}
            for size, bench in benches.items():
                filled(database, bench.deposition, size)
                bench.ours()
                bench.by_hand()
            works = [work for bench in benches.values() for work in (bench.ours, bench.by_hand)]
            times = dict(zip([(size, who) for size in SIZES for who in ("ours", "hand")], in_turns(*works), strict=True))
            reads = in_turns(benches[1000].read, benches[1000].read_by_hand)
    for size in SIZES:
        ours, hand = times[size, "ours"], times[size, "hand"]
        found[f"change at {size}"] = {"ours_ms": ours, "hand_ms": hand, "ratio": round(ours / hand, 2)}
    found["5000 over 10"] = round(times[5000, "ours"] / times[10, "ours"], 2)
    found["read of 1000"] = {"ours_ms": reads[0], "hand_ms": reads[1], "ratio": round(reads[0] / reads[1], 2)}
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
