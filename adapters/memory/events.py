"""The event log, in memory."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from adapters.memory.store import MemoryStore
from application.ports.events import (
    EVERYTHING,
    Entry,
    EventFilter,
    EventLog,
    EventPage,
    EventReader,
    LoggedEvent,
    events_of,
)
from domain.event_type import EventType
from domain.ids import LeadId


class MemoryEvents(EventLog, EventReader):
    """See `application.ports.events`."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def add(self, entries: Sequence[Entry]) -> None:
        log, last = self._store.events, self._last()
        for entry in entries:
            self._store.put(log, last + 1, entry)
            last += entry.length

    def add_erased(self, lead_id: LeadId, at: datetime, actor: str) -> None:
        contacts = sorted(self._store.contacts.items())
        self.add(
            [
                Entry(EventType.CONTACT_ERASED, at, actor, each.source_key, each.id, None, lead_id)
                for _, each in contacts
                if each.lead_id == lead_id
            ]
        )

    def forget(self, before: datetime, limit: int, needed: int | None = None) -> int:
        log = self._store.events
        newest = next(reversed(log), 0)
        old = []
        for seq, entry in islice(log.items(), limit):
            if entry.at >= before or seq == newest:
                break
            if needed is not None and seq + entry.length > needed:
                break
            old.append(seq)
        for seq in old:
            self._store.remove(log, seq)
        return len(old)

    def last(self) -> int:
        return self._last()

    def bounds(self) -> tuple[int, int]:
        return next(iter(self._store.events), 0), self._last()

    def between(self, first: int, last: int) -> list[LoggedEvent]:
        return [
            each
            for seq, entry in self._store.events.items()
            for each in events_of(seq, entry)
            if first <= each.seq <= last
        ]

    def events(self, *, after: int, limit: int, where: EventFilter = EVERYTHING) -> EventPage:
        with self._store.lock:
            log = self._store.events
            found = (
                each
                for seq, entry in log.items()
                for each in events_of(seq, entry)
                if each.seq > after and where.wants(each)
            )
            items = list(islice(found, limit))
            earliest, last = next(iter(log), 0), self._last()
        reached = items[-1].seq if len(items) == limit else max(after, last)
        return EventPage(items, reached, earliest, last)

    def _last(self) -> int:
        for seq, entry in reversed(self._store.events.items()):
            return seq + entry.length - 1
        return 0
