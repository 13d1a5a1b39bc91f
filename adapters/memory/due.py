"""What falls due, in memory."""

from collections.abc import Collection
from datetime import datetime

from adapters.memory.store import MemoryStore
from application.ports.due import DueItem, DueItems, DueReader


class MemoryDueItems(DueItems, DueReader):
    """See `application.ports.due`."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def earliest(self, kinds: Collection[str]) -> datetime | None:
        first = self._first(kinds)
        return None if first is None else first.at

    def planned(self, kind: str) -> datetime | None:
        return self.earliest([kind])

    def take(self, kinds: Collection[str], until: datetime) -> DueItem | None:
        first = self._first(kinds)
        if first is None or first.at > until:
            return None
        self._store.remove(self._store.due, first[1:])
        return first

    def put(self, item: DueItem) -> None:
        self._store.put(self._store.due, (item.kind, item.subject), item)

    def cancel(self, kind: str) -> None:
        for key in [each for each in self._store.due if each[0] == kind]:
            self._store.remove(self._store.due, key)

    def _first(self, kinds: Collection[str]) -> DueItem | None:
        with self._store.lock:
            found = [each for each in self._store.due.values() if each.kind in kinds]
        return min(found, default=None)
