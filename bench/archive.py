"""Measure import and export beside straight-line programs on a generated archive, in one run: `make bench-archive`.

The straight import reads with gemmi, decodes nothing, lists the words as the search needs them, and inserts with PyMySQL,
many rows a statement and one commit for 20 depositions, into the same tables. The straight export selects, joins texts,
writes and fsyncs; it neither locks nor reads back, and does not replace by rename. MariaDB listens on 127.0.0.1:3306 (user
root).
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import gemmi
import pymysql
from generate_archive import Odd, generate

from service.cli.common import assembled
from service.cli.workers import spread
from service.messages import CATEGORIES, Message, attributes
from service.storage.database import schema
from service.storage.database.rows import derived
from service.storage.database.tables import DERIVED, column_of, file_column
from service.sync.export import export
from service.sync.folder import Folder
from service.sync.transfer import Imported, Importer
from service.vocabulary import CONTENT_TYPES
from settings import Settings, load

SERVER: dict[str, Any] = {"host": "127.0.0.1", "user": "root", "charset": "utf8mb4"}
NAME = f"messaging_bench_{os.getpid()}"
ROUNDS = 3


def main(depositions: int) -> None:
    """Print the figures as JSON."""
    root = Path(tempfile.mkdtemp(prefix="bench-archive-"))
    try:
        generate(root / "data", depositions, odd=Odd(0, 0))
        for path in (root / "data").rglob("*.V1"):
            os.utime(path, (1_700_000_000, 1_700_000_000))
        print(json.dumps(measured(root, depositions), indent=1))
    finally:
        with pymysql.connect(**SERVER) as connection:
            connection.cursor().execute(f"DROP DATABASE IF EXISTS {NAME}")
        shutil.rmtree(root)


def measured(root: Path, depositions: int) -> dict[str, Any]:
    """Time everything in turn, several times, and keep the best of each."""
    best: dict[str, float] = {}
    for n in range(ROUNDS):
        for name, seconds in one_round(root, n):
            best[name] = min(best.get(name, seconds), seconds)
    messages = count_messages()
    return {
        "depositions": depositions,
        "messages": messages,
        "messages per second": {name: round(messages / taken) for name, taken in best.items()},
        "import, of straight": round(best["straight import"] / best["import"], 2),
        "2 workers, of 1": round(best["import"] / best["import, 2 workers"], 2),
        "again, of first": round(best["import"] / best["import again"], 1),
        "export, of straight": round(best["straight export"] / best["export"], 2),
        "export with 2 workers, of straight": round(best["straight export"] / best["export, 2 workers"], 2),
        "cores": os.cpu_count(),
    }


def one_round(root: Path, n: int) -> Iterator[tuple[str, float]]:
    """Give the seconds of each work of one round."""
    settings = fresh(root)
    keys = list(assembled(settings).stores.cif.site.depositions())
    yield "straight import", seconds(lambda: straight_import(root))
    settings = fresh(root)
    yield "import, 2 workers", seconds(lambda: imported(settings, keys, 2))
    settings = fresh(root)
    yield "import", seconds(lambda: imported(settings, keys, 1))
    yield "import again", seconds(lambda: imported(settings, keys, 1))
    yield "straight export", seconds(lambda: straight_export(root / f"straight{n}", keys))
    yield "export", seconds(lambda: exported(settings, root / f"export{n}", keys))
    yield "export, 2 workers", seconds(lambda: exported_by_two(settings, root / f"two{n}", keys))


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def fresh(root: Path) -> Settings:
    """Give an empty database with our schema."""
    with pymysql.connect(**SERVER) as connection:
        connection.cursor().execute(f"DROP DATABASE IF EXISTS {NAME}")
    shutil.rmtree(root / "state", ignore_errors=True)
    settings = load(
        {
            "MSGMODULE_ENV": "cif-only",
            "MSGMODULE_CIF_ROOT": str(root / "data"),
            "MSGMODULE_STATE_DIR": str(root / "state"),
            "MSGMODULE_DATABASE_URL": f"mysql://root@127.0.0.1:3306/{NAME}",
        }
    )
    schema.initialise(settings, adopt=False)
    return settings


def imported(settings: Settings, keys: list[str], workers: int) -> None:
    """Import all, as the command does."""

    def work(part: Iterable[str]) -> Iterable[Imported]:
        stores = assembled(settings).stores
        return Importer(stores.cif, stores.database, stores.sync(settings.profile), settings.state_dir).run(part)

    done = list(work(keys) if workers == 1 else spread(work, keys, workers))
    assert len(done) == len(keys)  # noqa: S101
    assert not [one for one in done if one.error]  # noqa: S101


def exported(settings: Settings, root: Path, keys: Iterable[str]) -> None:
    """Export all into a folder, as the command does."""
    target = Folder(root, assembled(settings).stores.database, settings.state_dir, 10, overwrite=False)
    assert not [one for one in export(target, keys) if one.error]  # noqa: S101


def exported_by_two(settings: Settings, root: Path, keys: list[str]) -> None:
    """Export all into a folder from two processes."""

    def work(part: Iterable[str]) -> Iterable[None]:
        exported(settings, root, part)
        return ()

    assert not list(spread(work, keys, 2))  # noqa: S101


def straight_import(root: Path) -> None:
    """Read with gemmi and insert, with no more care than that."""
    directories = sorted(p for tree in ("archive", "autogroup") for p in (root / "data" / tree).iterdir())
    with pymysql.connect(**SERVER, database=NAME) as connection, connection.cursor() as cursor:
        for first in range(0, len(directories), 20):
            batch = directories[first : first + 20]
            insert(
                cursor, "deposition", ("deposition_data_set_id", "version", "cif_behind"), [(p.name, 1, 0) for p in batch]
            )
            for name, row in CATEGORIES.items():
                columns = ("deposition_data_set_id", file_column(row), "position", *map(column_of, attributes(row)))
                rows = [r for path in batch for r in straight_rows(path, name, attributes(row))]
                if row is Message:  # what the search needs is asked of every program that fills these tables
                    columns += DERIVED
                    rows = [(*r, *derived(r[6], r[11], r[12]).values()) for r in rows]
                insert(cursor, name, columns, rows)
            connection.commit()


def straight_rows(directory: Path, name: str, names: tuple[str, ...]) -> Iterable[tuple[Any, ...]]:
    for content_type in CONTENT_TYPES:
        path = directory / f"{directory.name}_{content_type}_P1.cif.V1"
        table = gemmi.cif.read(str(path)).sole_block().find(f"_{name}.", list(names))
        for n, row in enumerate(table, 1):
            yield directory.name, content_type, n, *(None if gemmi.cif.is_null(v) else gemmi.cif.as_string(v) for v in row)


def insert(cursor: Any, table: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    if rows:
        names, marks = ", ".join(f"`{c}`" for c in columns), ", ".join("%s" for _ in columns)
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)


def straight_export(root: Path, keys: list[str]) -> None:
    """Select, join and write, with fsync."""
    with pymysql.connect(**SERVER, database=NAME) as connection, connection.cursor() as cursor:
        for key in keys:
            (root / key).mkdir(parents=True)
            texts = dict.fromkeys(CONTENT_TYPES, "data_messages\n# \n")
            for name, row in CATEGORIES.items():
                columns = ", ".join(f"`{column_of(a)}`" for a in attributes(row))
                cursor.execute(
                    f"SELECT {file_column(row)}, {columns} FROM {name} WHERE deposition_data_set_id = %s "
                    f"ORDER BY {file_column(row)}, position",
                    (key,),
                )
                by_file: dict[str, list[Any]] = {}
                for found in cursor.fetchall():
                    by_file.setdefault(found[0], []).append(found[1:])
                for content_type, rows in by_file.items():
                    head = "".join(f"_{name}.{a} \n" for a in attributes(row))
                    body = "".join("\n".join(map(straight_value, r)) + "\n" for r in rows)
                    texts[content_type] += f"loop_\n{head}{body}# \n"
            for content_type, text in texts.items():
                with (root / key / f"{key}_{content_type}_P1.cif.V1").open("wb") as file:
                    file.write(text.encode("ascii", "xmlcharrefreplace"))
                    file.flush()
                    os.fsync(file.fileno())


def straight_value(value: str | None) -> str:
    if value is None:
        return "?"
    return f"\n;{value}\n;" if "\n" in value else f"'{value}'"


def count_messages() -> int:
    with pymysql.connect(**SERVER, database=NAME) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM pdbx_deposition_message_info")
        return int(cursor.fetchone()[0])


if __name__ == "__main__":
    subprocess.run(["sync"], check=True)
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
