"""How a row is amended by a program that read it earlier: only what that program changed, and only if nobody else did."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import fields, replace
from typing import TypeVar

from service.errors import Conflict
from service.messages import FileReference, Message, OriginalCommunication, Status, unnumbered

Amendable = TypeVar("Amendable", Message, Status)
Numbered = TypeVar("Numbered", FileReference, OriginalCommunication)


def amended(row: Amendable, seen: Amendable | None, stored: Amendable | None) -> Amendable:
    """Give the stored row with the fields in which `row` differs from the row `seen`; the row itself where none is stored.

    Raises Conflict naming the fields that somebody else has set to something else since.
    """
    if stored is None:
        return row
    changed = [f.name for f in fields(row) if seen is None or getattr(row, f.name) != getattr(seen, f.name)]
    crossed = [
        name
        for name in changed
        if getattr(stored, name) != getattr(row, name) and (seen is None or getattr(stored, name) != getattr(seen, name))
    ]
    if crossed:
        raise Conflict(
            f"{', '.join(crossed)} of message {row.message_id} changed since it was read; read again and decide anew",
            message_id=row.message_id,
        )
    return replace(stored, **{name: getattr(row, name) for name in changed})


def missing(rows: tuple[Numbered, ...], stored: Iterable[Numbered]) -> tuple[Numbered, ...]:
    """Give the rows that are not stored yet; their ordinals are not looked at, for the store numbers them.

    They are a multiset: a stored row stands for one of several equal ones.
    """
    if not rows:
        return ()
    messages = {row.message_id for row in rows}
    there = Counter(unnumbered(old) for old in stored if old.message_id in messages)
    lacking = []
    for row in rows:
        key = unnumbered(row)
        if there[key]:
            there[key] -= 1
        else:
            lacking.append(row)
    return tuple(lacking)
