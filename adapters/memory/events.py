"""The event log, in memory."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import cast

from adapters.memory.store import MemoryStore
from application.ports.events import (
    EVERYTHING,
    Entry,
    EventFilter,
    EventLog,
    EventPage,
    EventReader,
    EventType,
    LoggedEvent,
)
from domain.ids import LeadId, OperatorId


class MemoryEvents(EventLog, EventReader):
    """See `application.ports.events`."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def add(self, entries: Sequence[Entry]) -> None:
        log = self._store.events
        for seq, entry in enumerate(entries, next(reversed(log), 0) + 1):
            self._store.put(log, seq, entry)

    def add_erased(self, lead_id: LeadId, at: datetime, actor: str) -> None:
        contacts = sorted(self._store.contacts.items())
        self.add(
            [
                Entry(EventType.CONTACT_ERASED, at, actor, each.source_key, each.id, None, lead_id)
                for _, each in contacts
                if each.lead_id == lead_id
            ]
        )

    def forget(self, before: datetime, limit: int) -> int:
        log = self._store.events
        newest = next(reversed(log), 0)
        old = []
        for seq, entry in islice(log.items(), limit):
            if entry.at >= before or seq == newest:
                break
            old.append(seq)
        for seq in old:
            self._store.remove(log, seq)
        return len(old)

    def events(self, *, after: int, limit: int, where: EventFilter = EVERYTHING) -> EventPage:
        with self._store.lock:
            log = self._store.events
            found = (
                LoggedEvent(seq, each)
                for seq, each in log.items()
                if seq > after and _meets(each, where)
            )
            items = list(islice(found, limit))
            earliest, last = next(iter(log), 0), next(reversed(log), 0)
        reached = items[-1].seq if len(items) == limit else max(after, last)
        return EventPage(items, reached, earliest, last)


def _meets(entry: Entry, where: EventFilter) -> bool:
    concerned = {entry.operator_id}
    if entry.type is EventType.CONTACT_TRANSFERRED:
        concerned.add(cast(OperatorId | None, entry.other_id))
    return (
        (where.types is None or entry.type in where.types)
        and where.source_key in {None, entry.source_key}
        and where.contact_id in {None, entry.contact_id}
        and (where.operator_id is None or where.operator_id in concerned)
    )
