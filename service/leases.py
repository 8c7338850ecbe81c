"""Which epochs the requests of this process work under, from their beginning to their end."""

import threading
from collections import Counter


class Leases:
    """Count the requests of each epoch; a process is under the oldest one that still has some."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[int] = Counter()

    def begin(self, epoch: int) -> None:
        with self._lock:
            self._counts[epoch] += 1

    def end(self, epoch: int) -> None:
        with self._lock:
            self._counts[epoch] -= 1
            if not self._counts[epoch]:
                del self._counts[epoch]

    def oldest(self, current: int) -> int:
        """Give the oldest epoch in use; the current one where there are no requests."""
        with self._lock:
            return min(self._counts, default=current)
