"""Compare what both stores hold of one deposition, every field of every row. Pure: no clock, no store, no state."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

from service.messages import CATEGORY_NAMES, Correspondence, Row

MISSING_IN_FILE, MISSING_IN_DATABASE, DIFFERING, ORDER = "missing in file", "missing in database", "differing", "order"


@dataclass(frozen=True, slots=True)
class RowDifference:
    """One row that is not the same on both sides, and how; `fields` names the attributes that differ.

    Where all rows are there and only stand otherwise, `message_id` is that of the first one that does.
    """

    content_type: str
    category: str
    message_id: str | None
    what: str
    fields: tuple[str, ...] = ()


def differences(file: Correspondence, rows: Correspondence) -> tuple[RowDifference, ...]:
    """List the differences of all categories of all files, ordinals and order included."""
    return tuple(
        difference
        for a, b in zip(file.sections, rows.sections, strict=True)
        for (row, in_file), (_, in_database) in zip(a.categories(), b.categories(), strict=True)
        if in_file != in_database
        for difference in _of_category(a.content_type, row, in_file, in_database)
    )


def _of_category(
    content_type: str, row: type[Row], in_file: Sequence[Any], in_database: Sequence[Any]
) -> Iterator[RowDifference]:
    name, found, stored = CATEGORY_NAMES[row], _keyed(in_file), _keyed(in_database)
    told = False
    for key in found | stored:
        a, b = found.get(key), stored.get(key)
        if a != b:
            told = True
            what = MISSING_IN_FILE if a is None else MISSING_IN_DATABASE if b is None else DIFFERING
            yield RowDifference(content_type, name, key[0], what, _fields(a, b))
    if not told:
        first = next(a for a, b in zip(in_file, in_database, strict=True) if a != b)
        yield RowDifference(content_type, name, first.message_id, ORDER)


def _keyed(rows: Sequence[Any]) -> dict[tuple[str | None, int], Any]:
    """Pair each row with its message and its place among the rows of that message."""
    seen: Counter[str | None] = Counter()
    keyed: dict[tuple[str | None, int], Any] = {}
    for row in rows:
        seen[row.message_id] += 1
        keyed[row.message_id, seen[row.message_id]] = row
    return keyed


def _fields(a: Any, b: Any) -> tuple[str, ...]:
    if a is None or b is None:
        return ()
    return tuple(f.name for f in fields(a) if getattr(a, f.name) != getattr(b, f.name))
