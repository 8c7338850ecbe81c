"""Writers in processes of their own that are killed at random moments, and what they had acknowledged by then."""

import os
import random
import select
import signal
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from service.errors import MessagingError

WRITERS = 4
#: Seconds without an acknowledgement that no slow disk explains: longer than any wait for a lock.
STUCK = 60

#: What a writer does: its name, and how it says that a message is acknowledged.
Work = Callable[[str, Callable[[str], None]], None]


@dataclass(slots=True)
class Writer:
    """A child that writes and says so: its process, the end of its pipe, what it has acknowledged."""

    pid: int
    pipe: int
    acknowledged: list[str] = field(default_factory=list)

    def hear(self) -> None:
        """Take what it has just said."""
        if not (chunk := os.read(self.pipe, 65536)):
            raise SystemExit("a writer ended by itself: a change was refused")
        self.acknowledged += chunk.decode().split()

    def drain(self) -> None:
        """Take what it said so far, to its last word where it has ended."""
        while chunk := os.read(self.pipe, 65536):
            self.acknowledged += chunk.decode().split()
        os.close(self.pipe)


def kill_writers(work: Work, name: str, kills: int, dice: random.Random) -> list[str]:
    """Let four writers work, kill one at a random moment that many times, and give all that was acknowledged."""
    writers = [start(work, f"{name}-{n}") for n in range(WRITERS)]
    acknowledged: list[str] = []
    try:
        for kill in range(kills):
            await_one(writers)
            time.sleep(dice.uniform(0, 0.01))  # the moment is the point: nothing more is waited for
            victim = dice.randrange(WRITERS)
            acknowledged += end(writers[victim])
            writers[victim] = start(work, f"{name}-{WRITERS + kill}")
    finally:
        for writer in writers:  # none outlives what waits for it
            with suppress(ProcessLookupError):  # the one that ended by itself
                os.kill(writer.pid, signal.SIGKILL)
    for writer in writers:
        acknowledged += ended(writer)
    return acknowledged


def start(work: Work, name: str) -> Writer:
    """Fork a writer that works until it is killed."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        return Writer(pid, reader)

    def acknowledge(key: str) -> None:
        os.write(writer, f"{key}\n".encode())

    try:
        work(name, acknowledge)
    except MessagingError:
        traceback.print_exc()  # before the process is gone
    finally:
        os._exit(1)  # whatever happened: the parent's code is not this process's to run


def await_one(writers: list[Writer]) -> None:
    """Wait until a writer acknowledges something, so that every kill hits work under way however slow the disk is."""
    ready, _, _ = select.select([writer.pipe for writer in writers], [], [], STUCK)
    if not ready:
        raise SystemExit(f"no writer got on for {STUCK} s: something is in the way")
    for writer in writers:
        if writer.pipe in ready:
            writer.hear()


def end(writer: Writer) -> list[str]:
    """Kill a writer and give all it ever acknowledged."""
    os.kill(writer.pid, signal.SIGKILL)
    return ended(writer)


def ended(writer: Writer) -> list[str]:
    """Wait for a writer that was killed, and give all it ever acknowledged."""
    if not os.WIFSIGNALED(os.waitpid(writer.pid, 0)[1]):
        raise SystemExit("a writer ended by itself: a change was refused")
    writer.drain()
    return writer.acknowledged
