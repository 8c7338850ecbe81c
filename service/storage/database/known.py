"""Correspondences that this process has read, each with the version it had: an unchanged one is not read twice."""

from sqlalchemy import Engine, event

from service.bounded import Bounded
from service.messages import Correspondence
from service.storage.base import Snapshot

#: Characters of correspondences that a process keeps, and what a row counts besides its text.
_CAPACITY, _ROW = 32 * 1024 * 1024, 500


class Known:
    """Keep correspondences by deposition, within bounds, until one of the engines connects anew."""

    def __init__(self, *engines: Engine) -> None:
        self._kept: Bounded[str, tuple[int, Correspondence]] = Bounded(_CAPACITY, lambda _, kept: _size_of(kept[1]))
        # a server that was away may come back as another one, restored from a backup
        for engine in engines:
            event.listen(engine, "connect", lambda *_: self._kept.clear())

    def of(self, state: Snapshot) -> Correspondence | None:
        """Give the correspondence of the version that `state` tells, where it is kept."""
        kept = self._kept.get(state.correspondence.deposition_data_set_id)
        return kept[1] if kept and kept[0] == state.version else None

    def keep(self, found: Snapshot) -> None:
        """Keep what was read of a deposition."""
        self._kept.keep(found.correspondence.deposition_data_set_id, (found.version, found.correspondence))


def _size_of(correspondence: Correspondence) -> int:
    return correspondence.row_count * _ROW + sum(len(m.message_text or "") for m in correspondence.messages)
