"""A memory of what was made, bounded in size: the entry not asked for longest goes first."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Bounded(Generic[K, V]):
    """Keep values by key while their sizes together stay within a capacity; usable from any thread."""

    def __init__(self, capacity: int, size_of: Callable[[K, V], int]) -> None:
        self._capacity = capacity
        self._size_of = size_of
        self._kept: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: K) -> V | None:
        """Give what is kept for a key."""
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                return None
            self._kept.move_to_end(key)
            return found[0]

    def keep(self, key: K, value: V) -> None:
        """Keep a value in place of an older one; one that is larger than the capacity is not kept."""
        size = self._size_of(key, value)
        with self._lock:
            self._forget(key)
            if size > self._capacity:
                return
            self._kept[key] = value, size
            self._size += size
            while self._size > self._capacity:
                self._forget(next(iter(self._kept)))

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self._size = 0

    def _forget(self, key: K) -> None:
        _, size = self._kept.pop(key, (None, 0))
        self._size -= size
