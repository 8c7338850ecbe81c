"""What stores have in common: the interface the message service talks to, what they answer, and who is told."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Protocol

from service.changes import Change
from service.conflicts import Difference
from service.deltas import Delta
from service.errors import MessagingError, NotFound
from service.messages import Correspondence, Section

WRITTEN, BEHIND = "written", "behind"
OK = "ok"

#: The signature of a file that is not there.
ABSENT = "absent"
#: Ends the signature of a file so young that a change within the same clock tick would not show in its `stat`.
YOUNG = "~"

#: Content type -> signature of that file; `None` is unknown and equals nothing.
Signatures = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Answer:
    """A correspondence and how it was come by. `unverified`: nobody could tell whether a legacy program overwrote it.

    `tag` tells this content of the deposition from any other one of the same store, where the store can say so.
    """

    correspondence: Correspondence
    served_by: str
    unverified: bool = False
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change did: the rows it put, or found there as a repeat, and how each store of the profile stands."""

    delta: Delta
    stores: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Applied:
    """A change as one store made it; the signatures of the file before and after, where the store has one.

    `written` tells when, in nanoseconds, by a clock that was read under the file's lock; `copy` where it is kept.
    """

    delta: Delta
    before: str | None = None
    after: str | None = None
    written: int = 0
    copy: Path | None = None


class Recorded(Enum):
    """How the database stands to rows that a file of ours holds."""

    IN_STEP = auto()  # it has them, and the signature of that file
    OUT_OF_STEP = auto()  # it has them, but others wrote that file too, so that it may not hold them any more
    CROSSED = auto()  # it has another row there than the change found
    BROUGHT = auto()  # a sync has brought them in meanwhile


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A correspondence as one store holds it, with the signatures found (cif) or recorded (database).

    `version` grows with every change of the database; `cif_behind` says that the files lack rows.
    """

    correspondence: Correspondence
    signatures: Signatures = field(default_factory=dict)
    version: int = 0
    cif_behind: bool = False

    @property
    def tag(self) -> str:
        """Tell this content of the deposition from any other one: every change moves the version or a signature."""
        return f"{self.version} {' '.join(str(signed).rstrip(YOUNG) for signed in self.signatures.values())}"


#: Content type -> what a file holds, and its signature.
Files = Mapping[str, tuple[Section, str]]
#: Decides, under the lock and on what the database holds there, what it shall hold, and which conflicts that settles.
Merging = Callable[[Snapshot], tuple[Correspondence, Iterable[Difference]]]
#: Tells, under the lock of a deposition's row, whether a change waits for the database: any, or the one in question.
Waiting = Callable[[], bool]
#: Keeps a change, by the signature of the file that it found, for as long as that is written; takes it back if it is not.
Keeping = Callable[[Delta, str], AbstractContextManager[Path | None]]


class Moved(Exception):
    """A store was changed since it was looked at; whoever decided on what was seen looks again."""


class Store(Protocol):
    """What answers reads and takes changes: a single store, a guarded one, or the chain of a profile."""

    def read(self, deposition_data_set_id: str) -> Answer:
        """Give a deposition's correspondence; raise NotFound, StoreUnavailable or DamagedFile."""
        ...

    def apply(self, change: Change) -> Outcome:
        """Make a change durable; raise Conflict, NotFound, StoreUnavailable or DamagedFile, and then nothing is written."""
        ...

    def is_ready(self) -> bool:
        """Tell, at the price of one read, whether reads can be answered now."""
        ...


class Observer:
    """Hear what the stores do. Every method does nothing; whoever listens overrides what it wants."""

    def operation(self, store: str, operation: str, outcome: str, seconds: float) -> None: ...
    def lock_waited(self, seconds: float) -> None: ...
    def lock_broken(self) -> None: ...
    def breaker_moved(self, breaker: str, state: str) -> None: ...
    def write_degraded(self, store: str) -> None: ...
    def read_fell_back(self) -> None: ...
    def stale_refused(self) -> None: ...
    def synced(self, reason: str, outcome: str) -> None: ...
    def foreign_change(self) -> None: ...
    def healed(self, rows: int) -> None: ...
    def conflicted(self) -> None: ...
    def shadowed(self, outcome: str) -> None: ...
    def mirror_failed(self, path: str) -> None: ...


@contextmanager
def timed(observer: Observer, store: str, operation: str) -> Iterator[None]:
    """Tell the observer how an operation ended and how many seconds it took."""
    begun = time.perf_counter()
    outcome = "defect"
    try:
        yield
        outcome = OK
    except MessagingError as error:
        outcome = error.code
        raise
    except Moved:
        outcome = "moved"
        raise
    finally:
        observer.operation(store, operation, outcome, time.perf_counter() - begun)


def unknown_deposition(deposition_data_set_id: str) -> NotFound:
    """Build the error for a deposition that no store of the profile knows."""
    return NotFound(f"deposition {deposition_data_set_id} is not known", deposition_data_set_id=deposition_data_set_id)


def spellings(signature: str | None) -> tuple[str | None, str | None]:
    """Give the two signatures that are the same as this one: with the mark of a young file and without."""
    return (None, None) if signature is None else (signature.rstrip(YOUNG), signature.rstrip(YOUNG) + YOUNG)


def same_signature(one: str | None, other: str | None) -> bool:
    """Compare two signatures; an unknown one equals nothing, and the mark of a young file says nothing of its content."""
    return one is not None and other in spellings(one)
