"""Work of a test in processes of their own, all at once; one that ends without an answer fails the test there and then."""

import os
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from multiprocessing.connection import wait
from typing import Any, TypeVar

import pytest

T = TypeVar("T")
forked: Any = get_context("fork")


def in_processes(works: Sequence[Callable[[], T]]) -> list[T]:
    """Do each work in a process of its own and give their answers; the rest are ended where one has none."""
    answers: dict[int, T] = {}
    running: dict[Any, tuple[int, Any]] = {}
    try:
        for number, work in enumerate(works):
            receiver, sender = forked.Pipe(duplex=False)
            process = forked.Process(target=_answer, args=(work, sender))
            process.start()
            sender.close()  # the process alone holds it now, so that its end is seen here
            running[receiver] = number, process
        while running:
            for ready in wait(list(running)):
                number, process = running[ready]
                answers[number] = _received(ready, process)
                del running[ready]
    finally:
        for receiver, (_, process) in running.items():
            process.kill()
            process.join()
            receiver.close()
    return [answers[number] for number in range(len(works))]


def killed(
    work: Callable[[], object], owner: object, step: str, part: Callable[..., object] = lambda *_, **__: None
) -> None:
    """Have work done by a process that is gone at a step, as one that is killed there, once part of the step is done."""

    def die(*given: Any, **more: Any) -> None:
        part(*given, **more)
        os._exit(9)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, step, die)
        worker = forked.Process(target=work)
        worker.start()
        worker.join()
    assert worker.exitcode == 9


def _answer(work: Callable[[], object], sender: Any) -> None:
    sender.send(work())


def _received(receiver: Any, process: Any) -> Any:
    try:
        answer = receiver.recv()
    except EOFError:
        process.join()
        pytest.fail(f"{process.name} ended with exit code {process.exitcode} and without an answer")
    process.join()
    receiver.close()
    assert process.exitcode == 0
    return answer
