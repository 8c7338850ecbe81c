"""Sort more than memory should hold: in pieces, each put aside in a temporary file, merged while they are read."""

import heapq
import pickle
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from operator import attrgetter
from typing import IO

from service.window import Found

#: Messages sorted in memory at once.
_PIECE = 5000
_BY_PLACE = attrgetter("place")


def newest_first(found: Iterable[Found], piece: int = _PIECE) -> Iterator[Found]:
    """Give messages in the order of a list, holding at most a piece of them in memory."""
    rest = iter(found)
    held = _sorted(islice(rest, piece))
    with ExitStack() as files:
        aside: list[IO[bytes]] = []
        while len(held) == piece:
            aside.append(files.enter_context(tempfile.TemporaryFile()))
            for one in held:
                pickle.dump(one, aside[-1], pickle.HIGHEST_PROTOCOL)
            held = _sorted(islice(rest, piece))
        yield from heapq.merge(held, *map(_read, aside), key=_BY_PLACE, reverse=True)


def _sorted(found: Iterable[Found]) -> list[Found]:
    return sorted(found, key=_BY_PLACE, reverse=True)


def _read(file: IO[bytes]) -> Iterator[Found]:
    file.seek(0)
    while True:
        try:
            yield pickle.load(file)  # noqa: S301 - our own file, which nobody else can open
        except EOFError:
            return
