"""Spread work over processes of this machine, each with services of its own; what they give is handed on as it comes."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from multiprocessing import get_context
from multiprocessing.connection import wait
from typing import Any, TypeVar

from service.errors import MessagingError

T = TypeVar("T")
Work = Callable[[Sequence[str]], Iterable[T]]


class WorkerLost(MessagingError):
    """A process that ended before its work was done; what it did is done, and running again does the rest."""

    code = "worker_lost"


def spread(work: Work[T], items: Sequence[str], workers: int) -> Iterator[T]:
    """Do the work on all items in so many processes; they begin at once. `work` builds what it needs by itself.

    Raises WorkerLost, and what the work raises; the other processes end then too.
    """
    context = get_context("fork")
    running: dict[Any, Any] = {}
    for n in range(workers):
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=_run, args=(work, items[n::workers], sender, os.getpid()), daemon=True)
        process.start()
        sender.close()
        running[receiver] = process
    return _collected(running)


def _collected(running: dict[Any, Any]) -> Iterator[Any]:
    try:
        while running:
            for ready in wait(list(running)):
                receiver: Any = ready
                try:
                    found = receiver.recv()
                except EOFError as error:
                    raise WorkerLost("a worker ended before its work was done; run the command again") from error
                if isinstance(found, MessagingError):
                    raise found
                if found is None:
                    running.pop(receiver).join()
                else:
                    yield from found
    finally:
        for process in running.values():
            process.terminate()
            process.join()


def _run(work: Work[Any], items: Sequence[str], sender: Any, parent: int) -> None:
    """Do one process's part; end where nobody waits for it any more."""
    try:
        for found in work(items):
            if os.getppid() != parent:
                return
            sender.send([found])
        sender.send(None)
    except MessagingError as error:
        sender.send(MessagingError(error.message))
