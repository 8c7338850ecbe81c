"""The database store: one transaction per change, with the deposition's row locked."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from service.changes import AppendMessage, Change
from service.conflicts import Difference
from service.errors import DatabaseRefused, DatabaseUnavailable
from service.messages import Correspondence
from service.storage.base import (
    ABSENT,
    OK,
    WRITTEN,
    Answer,
    Applied,
    Files,
    Merging,
    Moved,
    Outcome,
    Recorded,
    Signatures,
    Snapshot,
    Waiting,
    unknown_deposition,
)
from service.storage.database import bulk, conflicts, depositions, plan
from service.storage.database.engine import Engines, PoolUse, max_packet, pool_use
from service.storage.database.failures import translated
from service.storage.database.known import Known
from service.storage.database.looks import Look
from service.storage.database.rows import Rows, remove_rows
from service.storage.database.search import slice_of
from service.storage.database.transactions import NoRow, Transactions
from service.vocabulary import CONTENT_TYPES, is_deposition_id
from service.window import Begin, Slice, Wanted

#: Who finds a deposition in neither store begins it: of its files, none was there before.
_NO_FILES = dict.fromkeys(CONTENT_TYPES, ABSENT)
_PROBE = "probe"  # a deposition that no site has: the id is well formed nowhere


class DatabaseStore:
    """Keep correspondences in the tables; in profiles without cif every write marks the files as behind."""

    name = "database"

    def __init__(self, engines: Engines, *, create: bool) -> None:
        self._engines = engines
        self._reading = engines.work
        self._transactions = Transactions(engines.work)
        self._look = Look(engines.looks, depositions.LOOK)
        self._create = create
        self._known = Known(engines.work, engines.looks)
        self._ways = plan.Ways()

    def read(self, deposition_data_set_id: str) -> Answer:
        """Give a correspondence; raise NotFound or DatabaseUnavailable."""
        found = self.snapshot(deposition_data_set_id)
        if found is None:
            raise unknown_deposition(deposition_data_set_id)
        return Answer(found.correspondence, self.name, tag=found.tag)

    def apply(self, change: Change, waiting: Waiting = lambda: False) -> Outcome:
        """Make a change durable here alone, which leaves the files behind. Raises Moved as `write` does."""
        return Outcome(self.write(change, waiting).delta, {self.name: WRITTEN})

    def snapshot(self, deposition_data_set_id: str) -> Snapshot | None:
        """Read everything of a deposition in one consistent transaction; `None` when it is not known."""
        with translated(), self._reading.connect() as connection:
            state = depositions.find(connection, deposition_data_set_id)
            return state and replace(state, correspondence=Rows(connection, deposition_data_set_id).correspondence())

    def current(self, deposition_data_set_id: str) -> Snapshot | None:
        """Give what `snapshot` gives, without reading rows again of a version that this process has read."""
        state = self.state(deposition_data_set_id)
        known = state and self._known.of(state)
        if state and known:
            return replace(state, correspondence=known)
        found = state and self.snapshot(deposition_data_set_id)
        if found:
            self._known.keep(found)
        return found

    def state(self, deposition_data_set_id: str) -> Snapshot | None:
        """Read what is recorded about a deposition's files, without its rows; `None` when it is not known."""
        with translated():
            found = self._look.text(deposition_data_set_id)
        return None if found is None else depositions.seen(deposition_data_set_id, found)

    def behind(self) -> tuple[str, ...]:
        """List the depositions whose files lack something."""
        with translated(), self._reading.connect() as connection:
            return depositions.behind(connection)

    def recorded(self) -> dict[str, Signatures]:
        """Give the recorded signatures of every deposition that is known."""
        with translated(), self._reading.connect() as connection:
            return depositions.all_signatures(connection)

    def tally(self) -> depositions.Tally:
        """Count the depositions, without reading their rows."""
        with translated(), self._reading.connect() as connection:
            return depositions.tally(connection)

    def states(self, keys: Sequence[str]) -> dict[str, Snapshot]:
        """Read what is recorded of many depositions at once; one that is not known is left out."""
        with translated(), self._reading.connect() as connection:
            return bulk.states(connection, keys)

    def row_counts(self, keys: Sequence[str]) -> dict[str, int]:
        """Count the rows of each of many depositions."""
        with translated(), self._reading.connect() as connection:
            return bulk.row_counts(connection, keys)

    def add(self, snapshots: Sequence[Snapshot]) -> None:
        """Insert depositions as their files hold them, all or none. Raises DatabaseRefused where one is known by now."""
        self._transactions.run(lambda connection: bulk.add(connection, snapshots))

    def recent(self, wanted: Wanted, begin: Begin, limit: int) -> Slice:
        """Give the next wanted messages, newest first, at most `limit`; each slice is one short transaction."""
        with translated(), self._reading.connect() as connection:
            way = self._ways.of(connection, wanted) if begin.way is None else begin.way
            return slice_of(connection, wanted, begin.behind, way, limit)

    def write(self, change: Change, waiting: Waiting = lambda: False) -> Applied:
        """Resolve a change and write its rows in one transaction, which leaves the files behind.

        Raises Moved where a change waits for the database: this one may be of what that found or makes.
        """

        def work(connection: Connection) -> Applied:
            key = change.deposition_data_set_id
            rows = Rows(connection, key)
            if not depositions.change(connection, key):
                if not (self._create and isinstance(change, AppendMessage)):
                    raise unknown_deposition(key)
                raise NoRow(key)
            if waiting():
                raise Moved
            if isinstance(change, AppendMessage):
                rows.look_ahead(change.content_type, str(change.message.message_id))
            delta = change.resolve(rows)
            if delta:
                rows.put(delta)
            else:
                connection.rollback()  # nothing was changed, so nothing counts as changed
            return Applied(delta)

        return self._transactions.run(work)

    def record(self, deposition_data_set_id: str, applied: Applied, waits: Waiting = lambda: True) -> Recorded:
        """Write the rows of a change that its file holds, and move that one's signature from `before` to `after`.

        Where the recorded one is neither, the files are behind, or another row stands there than the change found, it
        becomes unknown and that row is left, so that the next access syncs and decides (DESIGN.md section 5; rules CAS and
        INV of the model). `waits` says, under the lock, whether a sync has not brought the change in meanwhile.
        """

        def work(connection: Connection) -> Recorded:
            key, delta, file = deposition_data_set_id, applied.delta, applied.delta.content_type
            in_step = depositions.follow(connection, key, file, applied.before, applied.after)
            if not in_step and not depositions.lose(connection, key, file):
                raise NoRow(key, _NO_FILES)
            if not waits():
                connection.rollback()
                return Recorded.BROUGHT
            rows = Rows(connection, key)
            if delta.append:
                rows.look_ahead(file, str(delta.append.message_id))
            if delta.fits(rows):
                rows.put(delta)
            elif not delta.is_in(rows):
                if in_step:
                    depositions.lose(connection, key, file)
                return Recorded.CROSSED
            return Recorded.IN_STEP if in_step else Recorded.OUT_OF_STEP

        return self._transactions.run(work)

    def bring(self, deposition_data_set_id: str, files: Files, merged: Merging) -> Correspondence:
        """Bring the rows, under the lock, to what a merge makes of the files and of what is here now; note its conflicts.

        A file's signature is recorded only if the file is given and holds all that the rows now do, or is marked as behind
        still: whoever writes it next is known by that. That of another one becomes unknown where its rows were changed. All
        is judged on the rows themselves, so a change that came meanwhile is never taken for synced (rule VER of the model).
        """

        def work(connection: Connection) -> Correspondence:
            key = deposition_data_set_id
            state = depositions.find(connection, key, lock=True)
            if state is None:
                raise NoRow(key)
            rows = Rows(connection, key)
            old = rows.correspondence()
            new, decided = merged(replace(state, correspondence=old))
            conflicts.note(connection, key, decided)
            changed = [c for c in CONTENT_TYPES if rows.bring(old.section(c), new.section(c))]
            signatures: dict[str, str | None] = dict.fromkeys(changed)
            complete = {c for c, (section, _) in files.items() if new.section(c) == section}
            behind = state.cif_behind and len(complete) < len(CONTENT_TYPES)
            signatures |= {c: signed if behind or c in complete else None for c, (_, signed) in files.items()}
            depositions.record(connection, state, signatures, cif_behind=behind, changed=bool(changed))
            return new

        return self._transactions.run(work)

    def note(self, deposition_data_set_id: str, decided: Sequence[Difference]) -> None:
        """Note conflicts before a file loses its side of them."""
        self._transactions.run(lambda connection: conflicts.note(connection, deposition_data_set_id, decided))

    def probe(self) -> Mapping[str, str]:
        """Write, read and remove a row of a deposition that no site has, in the real tables."""

        def work(connection: Connection) -> None:
            depositions.create(connection, _PROBE)
            if depositions.find(connection, _PROBE) is None:
                raise DatabaseUnavailable("the database does not give back what was written")
            depositions.remove(connection, _PROBE)

        self._transactions.run(work)
        return {self.name: OK}

    def max_packet(self) -> int | None:
        """Give the largest statement that the server takes, in bytes; `None` for a kind of database that has no limit."""
        with translated(), self._reading.connect() as connection:
            return max_packet(connection)

    def pool_use(self) -> PoolUse | None:
        """Tell how far the connections of this process are in use; `None` where none are kept."""
        return pool_use(self._engines)

    def remove_scratch(self, deposition_data_set_id: str) -> None:
        """Remove every row of a scratch deposition; one whose id is well formed is a real one and never removed."""

        def work(connection: Connection) -> None:
            if is_deposition_id(deposition_data_set_id):
                raise DatabaseRefused(f"{deposition_data_set_id} is no scratch deposition")
            remove_rows(connection, deposition_data_set_id)
            depositions.remove(connection, deposition_data_set_id)

        self._transactions.run(work)
