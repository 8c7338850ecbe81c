"""Transactions that write: the whole of one again where the server ended it for the sake of another."""

from collections.abc import Callable
from types import MappingProxyType
from typing import TypeVar

from sqlalchemy import Connection, Engine

from service.errors import CommitUnknown, DatabaseUnavailable
from service.storage.base import Signatures
from service.storage.database import depositions
from service.storage.database.failures import Deadlock, translated

T = TypeVar("T")
_TRIES = 5


class NoRow(Exception):
    """A unit of work needs the row of a deposition that has none yet; `signatures` are those of its files, where known."""

    def __init__(self, deposition_data_set_id: str, signatures: Signatures = MappingProxyType({})) -> None:
        super().__init__(deposition_data_set_id)
        self.deposition_data_set_id = deposition_data_set_id
        self.signatures = signatures


class Transactions:
    """Run units of work on an engine, each in one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(writes=True)

    def run(self, work: Callable[[Connection], T]) -> T:
        """Run a unit of work; again when a deadlock ended it, and with the row made first where it raises NoRow.

        Who looks for a row in order to lock it locks the place where it would stand, and two who wait there for each other
        are a deadlock: so that transaction is ended before another makes the row. Raises DatabaseUnavailable, and
        CommitUnknown where the answer to the commit was lost.
        """
        new: NoRow | None = None
        for _ in range(_TRIES):
            worked = False
            try:
                with translated(), self._engine.begin() as connection:
                    if new is not None:
                        depositions.create(connection, new.deposition_data_set_id, new.signatures)
                    result = work(connection)
                    worked = True
                return result
            except NoRow as found:
                new = found
            except Deadlock:
                continue
            except DatabaseUnavailable as error:
                if worked:
                    raise CommitUnknown(
                        f"{error.message}; whether the change is there is not known, send it again"
                    ) from error
                raise
        raise DatabaseUnavailable(f"the database ended {_TRIES} tries in a deadlock; try again")
