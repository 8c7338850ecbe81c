"""How long work is shown: a bar with rate and time left on a terminal, plain lines otherwise; and its audit trail."""

import json
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from service.clock import utc_now
from service.storage.durable import faults

T = TypeVar("T")
#: Seconds between two plain lines, and between two looks of a bar.
_INTERVAL, _REDRAWN = 10.0, 0.1

json_log_option = click.option(
    "--json-log", type=click.Path(path_type=Path, dir_okay=False), help="Append one JSON object a line for each event."
)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.completed / task.elapsed:.1f}/s" if task.elapsed else "")


def shown(work: Iterable[T], total: int | None, what: str) -> Iterator[T]:
    """Give what the work gives, and show on stderr how far it is; `total` may be unknown."""
    if sys.stderr.isatty():
        yield from _bar(work, total, what)
    else:
        yield from _lines(work, total, what)


def _bar(work: Iterable[T], total: int | None, what: str) -> Iterator[T]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(what, total=total)
        told, done = time.monotonic(), 0
        for done, item in enumerate(work, 1):
            yield item
            if time.monotonic() - told >= _REDRAWN:
                told = time.monotonic()
                progress.update(task, completed=done)
        progress.update(task, completed=done)


def _lines(work: Iterable[T], total: int | None, what: str) -> Iterator[T]:
    begun = told = time.monotonic()
    done = 0
    for done, item in enumerate(work, 1):
        yield item
        now = time.monotonic()
        if now - told >= _INTERVAL:
            told = now
            click.echo(_line(what, done, total, now - begun), err=True)
    click.echo(_line(what, done, total, time.monotonic() - begun), err=True)


def _line(what: str, done: int, total: int | None, seconds: float) -> str:
    rate = done / seconds if seconds else 0.0
    left = f", {(total - done) / rate:.0f} s left" if total and rate and total > done else ""
    return f"{what}: {done}{f' of {total}' if total is not None else ''}, {rate:.1f}/s{left}"


class JsonLog:
    """Write events to a file, one object a line: time in UTC with microseconds, level, event, and what is told of it."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def __call__(self, event: str, level: str = "info", **more: object) -> None:
        if self._path is not None:
            entry = {"time": utc_now(), "level": level, "event": event, **more}
            with faults(self._path), self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")
