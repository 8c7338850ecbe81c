"""The row of a deposition: its version, the recorded signatures of its files, and the lock that orders its changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    Connection,
    Insert,
    String,
    Update,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects import mysql, sqlite

from service.clock import timestamp
from service.messages import Correspondence
from service.storage.base import Signatures, Snapshot, spellings
from service.storage.database.tables import deposition, signature_column
from service.vocabulary import CONTENT_TYPES, is_deposition_id

_COLUMNS = tuple(deposition.c[signature_column(c)] for c in CONTENT_TYPES)
_IS_MEANT = deposition.c.deposition_data_set_id == bindparam("key")
_NEXT = deposition.c.version + 1
_FIND = select(deposition.c.version, deposition.c.cif_behind, *_COLUMNS).where(_IS_MEANT)
_TEXTS = (
    cast(deposition.c.version, String),
    cast(deposition.c.cif_behind, String),
    *(func.coalesce(column, literal_column("''")) for column in _COLUMNS),
)
#: The same as one text, parted by blanks: a driver takes longer to read what a column is called than what is in it.
LOOK = select(reduce(lambda one, other: one + literal_column("' '", String) + other, _TEXTS)).where(_IS_MEANT)
_LOCK = _FIND.with_for_update()
_UPDATE = update(deposition).where(_IS_MEANT)
_CHANGE = _UPDATE.values(version=_NEXT, cif_behind=True)
_RECORDED = ("before", "before_young", "after", "after_young")
_IN_BOTH = and_(~deposition.c.cif_behind, *(column.is_not(None) for column in _COLUMNS))

#: Of a row that is there both leave everything; MariaDB locks it for a change at once, where IGNORE would do so for a read
#: first, and two who go on from there to the change are a deadlock.
_MAKE: dict[str, Insert] = {
    "sqlite": sqlite.insert(deposition).on_conflict_do_nothing(),
    "mysql": mysql.insert(deposition).on_duplicate_key_update(version=deposition.c.version),
}


def _follow(content_type: str) -> Update:
    """Build the statement that moves the recorded signature of a file where that is one of the given ones."""
    column = deposition.c[signature_column(content_type)]
    in_step = column.in_([bindparam(name) for name in _RECORDED])
    values: dict[str, Any] = {column.name: bindparam("signature"), "version": _NEXT}
    return _UPDATE.where(~deposition.c.cif_behind, in_step).values(values)


_FOLLOW = {c: _follow(c) for c in CONTENT_TYPES}
_LOSE = {c: _UPDATE.values({signature_column(c): None, "version": _NEXT}) for c in CONTENT_TYPES}


@dataclass(frozen=True, slots=True)
class Tally:
    """How many depositions the database knows, and of how many it has recorded all files and none as behind."""

    known: int
    recorded: int


def find(connection: Connection, deposition_data_set_id: str, *, lock: bool = False) -> Snapshot | None:
    """Read the row, and lock it until the transaction ends; `None` for an unknown deposition. No correspondence is read."""
    found = connection.execute(_LOCK if lock else _FIND, {"key": deposition_data_set_id}).one_or_none()
    return None if found is None else _state_of(deposition_data_set_id, found)


def seen(deposition_data_set_id: str, line: str) -> Snapshot:
    """Give what the answer to `LOOK` says of a deposition."""
    version, cif_behind, *signatures = line.split(" ")
    return _state_of(deposition_data_set_id, (int(version), cif_behind == "1", *(signed or None for signed in signatures)))


def _state_of(deposition_data_set_id: str, found: Sequence[Any]) -> Snapshot:
    version, cif_behind, *signatures = found
    recorded = dict(zip(CONTENT_TYPES, signatures, strict=True))
    return Snapshot(Correspondence(deposition_data_set_id), recorded, version=version, cif_behind=bool(cif_behind))


def all_signatures(connection: Connection) -> dict[str, Signatures]:
    """Read the recorded signatures of every deposition; what is tried out under another name is none."""
    found = connection.execute(select(deposition.c.deposition_data_set_id, *_COLUMNS))
    return {key: dict(zip(CONTENT_TYPES, signatures, strict=True)) for key, *signatures in found if is_deposition_id(key)}


def behind(connection: Connection) -> tuple[str, ...]:
    """List the depositions whose files lack something; what is tried out under another name is none."""
    key = deposition.c.deposition_data_set_id
    return tuple(filter(is_deposition_id, connection.scalars(select(key).where(deposition.c.cif_behind).order_by(key))))


def tally(connection: Connection) -> Tally:
    """Count all depositions, and those that are recorded as in both stores."""
    return Tally(*connection.execute(select(func.count(), func.count(case((_IN_BOTH, 1)))).select_from(deposition)).one())


def create(connection: Connection, deposition_data_set_id: str, signatures: Signatures = MappingProxyType({})) -> None:
    """Make the row, or wait for the one that another process is making, and lock it."""
    values = {"deposition_data_set_id": deposition_data_set_id, "version": 0, "cif_behind": False}
    values |= {signature_column(c): signed for c, signed in signatures.items()}
    connection.execute(_MAKE[connection.dialect.name], values)


def record(
    connection: Connection,
    state: Snapshot,
    signatures: Signatures,
    *,
    cif_behind: bool,
    changed: bool,
) -> None:
    """Record what a sync found: signatures and whether the files are behind; the version grows where rows were changed."""
    values: dict[str, object] = {signature_column(c): signed for c, signed in signatures.items()}
    values |= {"cif_behind": cif_behind, "version": state.version + changed}
    values["synced_at"] = timestamp()
    connection.execute(_UPDATE, values | {"key": state.correspondence.deposition_data_set_id})


def change(connection: Connection, deposition_data_set_id: str) -> bool:
    """Count a change of the rows that leaves the files behind, and lock the row; tell whether the deposition is known."""
    return connection.execute(_CHANGE, {"key": deposition_data_set_id}).rowcount > 0


def follow(
    connection: Connection, deposition_data_set_id: str, content_type: str, before: str | None, after: str | None
) -> bool:
    """Move a recorded signature from `before` to `after`, count the change and lock the row; tell whether it stood there.

    Where it is neither of the two, or the files are behind, nothing is done (rule CAS of the model).
    """
    given = dict(zip(_RECORDED, (*spellings(before), *spellings(after)), strict=True))
    values = given | {"key": deposition_data_set_id, "signature": after}
    return connection.execute(_FOLLOW[content_type], values).rowcount > 0


def lose(connection: Connection, deposition_data_set_id: str, content_type: str) -> bool:
    """Make a recorded signature unknown, count the change, lock the row; tell whether the deposition is known (rule INV)."""
    return connection.execute(_LOSE[content_type], {"key": deposition_data_set_id}).rowcount > 0


def remove(connection: Connection, deposition_data_set_id: str) -> None:
    """Remove the row of a probe; a deposition is never removed."""
    connection.execute(deposition.delete().where(deposition.c.deposition_data_set_id == deposition_data_set_id))
