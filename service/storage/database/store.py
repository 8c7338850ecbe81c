"""The database store: one transaction per change, with the deposition's row locked."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import Connection, Engine, select

from service.changes import AppendMessage, Change, Delta
from service.errors import CommitUnknown, DatabaseUnavailable
from service.messages import Correspondence, Section
from service.storage.base import (
    OK,
    WRITTEN,
    Answer,
    Applied,
    Outcome,
    Signatures,
    Snapshot,
    same_signature,
    unknown_deposition,
)
from service.storage.database import depositions
from service.storage.database.engine import PoolUse, pool_use
from service.storage.database.failures import Deadlock, translated
from service.storage.database.rows import Rows
from service.storage.database.tables import deposition

T = TypeVar("T")
_DEADLOCK_TRIES = 5
#: A deposition that no site has: the id is well formed nowhere.
_PROBE = "probe"


class DatabaseStore:
    """Keep correspondences in the tables; in profiles without cif every write marks the files as behind."""

    name = "database"

    def __init__(self, engine: Engine, *, create: bool) -> None:
        self._reading = engine
        self._writing = engine.execution_options(writes=True)
        self._create = create

    def read(self, deposition_data_set_id: str) -> Answer:
        """Give a correspondence; raise NotFound or DatabaseUnavailable."""
        found = self.snapshot(deposition_data_set_id)
        if found is None:
            raise unknown_deposition(deposition_data_set_id)
        return Answer(found.correspondence, self.name)

    def apply(self, change: Change) -> Outcome:
        """Make a change durable here alone, which leaves the files behind."""
        return Outcome(self.write(change).delta, {self.name: WRITTEN})

    def snapshot(self, deposition_data_set_id: str) -> Snapshot | None:
        """Read everything of a deposition in one consistent transaction; `None` when it is not known."""
        with translated(), self._reading.begin() as connection:
            state = depositions.find(connection, deposition_data_set_id)
            if state is None:
                return None
            return replace(state, correspondence=Rows(connection, deposition_data_set_id).correspondence())

    def state(self, deposition_data_set_id: str) -> Snapshot | None:
        """Read what is recorded about a deposition's files, without its rows; `None` when it is not known."""
        with translated(), self._reading.begin() as connection:
            return depositions.find(connection, deposition_data_set_id)

    def behind(self) -> tuple[str, ...]:
        """List the depositions whose files lack something."""
        statement = select(deposition.c.deposition_data_set_id).where(deposition.c.cif_behind)
        with translated(), self._reading.begin() as connection:
            return tuple(connection.scalars(statement.order_by(deposition.c.deposition_data_set_id)))

    def recorded(self) -> dict[str, Signatures]:
        """Give the recorded signatures of every deposition that is known."""
        with translated(), self._reading.begin() as connection:
            return depositions.all_signatures(connection)

    def write(self, change: Change) -> Applied:
        """Resolve a change and write its rows in one transaction, which leaves the files behind."""

        def work(connection: Connection) -> Applied:
            key = change.deposition_data_set_id
            state = depositions.find(connection, key, lock=True)
            if state is None and not (self._create and isinstance(change, AppendMessage)):
                raise unknown_deposition(key)
            state = state or depositions.create(connection, key)
            delta = change.resolve(Rows(connection, key))
            if delta:
                Rows(connection, key).put(delta)
                depositions.record(connection, state, {}, cif_behind=True)
            return Applied(delta)

        return self._transaction(work)

    def record(self, deposition_data_set_id: str, delta: Delta, before: str | None, after: str | None) -> bool:
        """Write the rows that a file already holds, and move its recorded signature from `before` to `after`.

        Where the recorded one is neither, the files are behind, or another row stands there than the change found, it
        becomes unknown and that row is left, so that the next access syncs and decides (DESIGN.md section 5; rules CAS and
        INV of the model). Tells whether the rows are here now.
        """

        def work(connection: Connection) -> bool:
            key = deposition_data_set_id
            state = depositions.find(connection, key, lock=True) or depositions.create(connection, key)
            rows = Rows(connection, key)
            recorded = state.signatures[delta.content_type]
            follows = same_signature(recorded, before) or same_signature(recorded, after)
            in_step = follows and not state.cif_behind
            if delta.fits(rows):
                rows.put(delta)
                is_here = True
            else:
                is_here = delta.is_in(rows)
            signatures = {delta.content_type: after if in_step and is_here else None}
            depositions.record(connection, state, signatures, cif_behind=state.cif_behind)
            return is_here

        return self._transaction(work)

    def bring(
        self,
        deposition_data_set_id: str,
        files: Mapping[str, tuple[Section, str]],
        merged: Callable[[Snapshot], Correspondence],
    ) -> Correspondence:
        """Bring the rows to what a merge makes of the files and of what is recorded and held here now, under the lock.

        A file's signature is recorded only if the file holds all that the rows now do; otherwise it becomes unknown. That
        is judged on the rows themselves, so a change that came meanwhile is never taken for synced (rule VER of the model).
        """

        def work(connection: Connection) -> Correspondence:
            key = deposition_data_set_id
            state = depositions.find(connection, key, lock=True) or depositions.create(connection, key)
            rows = Rows(connection, key)
            old = rows.correspondence()
            new = merged(replace(state, correspondence=old))
            changed = [rows.bring(old.section(c), new.section(c)) for c in files]
            signatures = {c: signed if new.section(c) == section else None for c, (section, signed) in files.items()}
            behind = state.cif_behind and None in signatures.values()
            depositions.record(connection, state, signatures, cif_behind=behind, changed=any(changed), synced=True)
            return new

        return self._transaction(work)

    def probe(self) -> Mapping[str, str]:
        """Write, read and remove a row of a deposition that no site has, in the real tables."""

        def work(connection: Connection) -> None:
            depositions.create(connection, _PROBE)
            if depositions.find(connection, _PROBE) is None:
                raise DatabaseUnavailable("the database does not give back what was written")
            depositions.remove(connection, _PROBE)

        self._transaction(work)
        return {self.name: OK}

    def max_packet(self) -> int | None:
        """Give the largest statement that the server takes, in bytes; `None` for a kind of database that has no limit."""
        with translated(), self._reading.begin() as connection:
            if connection.dialect.name == "sqlite":
                return None
            return int(connection.exec_driver_sql("SELECT @@max_allowed_packet").scalar_one())

    def pool_use(self) -> PoolUse | None:
        """Tell how far the connections of this process are in use; `None` where none are kept."""
        return pool_use(self._reading)

    def _transaction(self, work: Callable[[Connection], T]) -> T:
        """Run a unit of work in one transaction; the whole of it again when the server chose it to end a deadlock."""
        for _ in range(_DEADLOCK_TRIES):
            worked = False
            try:
                with translated(), self._writing.begin() as connection:
                    result = work(connection)
                    worked = True
                return result
            except Deadlock:
                continue
            except DatabaseUnavailable as error:
                if worked:
                    raise CommitUnknown(
                        f"{error.message}; whether the change is there is not known, send it again"
                    ) from error
                raise
        raise DatabaseUnavailable(f"the database ended {_DEADLOCK_TRIES} tries in a deadlock; try again")
