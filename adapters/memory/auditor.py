"""Everything in a MemoryStore, for checking the invariants."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from adapters.memory.store import MemoryStore
from application.ports.auditor import Auditor, ContactFact, EndpointFact, Facts, LastEvent
from domain.account import Moved
from domain.endpoint import EndpointState
from domain.event_type import EventType
from domain.ids import LeadId, OperatorId
from domain.operator import Operator
from domain.source import Source


class MemoryAuditor(Auditor):
    """See `application.ports.auditor.Auditor`."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    @contextmanager
    def facts(self) -> Iterator[Facts]:
        with self._store.lock:
            yield MemoryFacts(self._store)

    def defects(self) -> Iterator[str]:
        yield from ()


class MemoryFacts(Facts):
    """See `application.ports.auditor.Facts`."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def operators(self) -> Iterable[Operator]:
        return self._store.operators.values()

    def sources(self) -> Iterable[Source]:
        return [each.copy() for each in self._store.sources.values()]

    def due(self, kind: str) -> Iterable[str]:
        return [each.subject for each in self._store.due.values() if each.kind == kind]

    def contacts(self) -> Iterator[ContactFact]:
        for each in self._store.contacts.values():
            transfers = self._store.transfers.get(each.id)
            yield ContactFact(
                each.id,
                each.source_key,
                each.state,
                each.operator_id,
                each.assigned_at,
                each.closed_at,
                self._store.decisions.get(each.id),
                transfers[-1].operator if transfers else None,
            )

    def numbering(self) -> tuple[int, int, int]:
        log = self._store.events
        lasts = [seq + entry.length - 1 for seq, entry in log.items()]
        number = sum(entry.length for entry in log.values())
        return next(iter(log), 0), max(lasts, default=0), number

    def last_events(self) -> Iterator[LastEvent]:
        last = {
            each.contact_id: each
            for each in self._store.events.values()
            if each.type is not EventType.CONTACT_ERASED
        }
        for contact_id, entry in last.items():
            if contact_id is not None and contact_id in self._store.contacts:
                contact = self._store.contacts[contact_id]
                yield LastEvent(
                    contact_id, entry.type, entry.operator_id, contact.state, contact.operator_id
                )

    def endpoints(self) -> Iterator[EndpointFact]:
        for each in self._store.endpoints.values():
            if each.state is EndpointState.ENABLED:
                pending = [
                    seq
                    for (endpoint_id, seq), delivery in self._store.deliveries.items()
                    if endpoint_id == each.id and delivery.at is not None
                ]
                yield EndpointFact(each.id, each.cursor, min(pending, default=None))

    def registered(self) -> Iterator[Mapping[str, int]]:
        total: defaultdict[str, int] = defaultdict(int)
        for (key, _), number in self._store.registered.items():
            total[key] += number
        yield total

    def assigned(self) -> Iterator[Mapping[tuple[str, OperatorId], int]]:
        total: defaultdict[tuple[str, OperatorId], int] = defaultdict(int)
        for (key, operator_id, _), number in self._store.assigned.items():
            total[key, operator_id] += number
        yield total

    def accounts(self) -> Iterator[Mapping[tuple[str, OperatorId], Moved]]:
        total: defaultdict[tuple[str, OperatorId], Moved] = defaultdict(Moved)
        for (key, operator_id, _), moved in self._store.accounts.items():
            total[key, operator_id] = total[key, operator_id].plus(moved)
        yield total

    def purged_registered(self) -> Mapping[str, int]:
        return self._store.purged_registered

    def purged_assigned(self) -> Mapping[tuple[str, OperatorId], int]:
        return self._store.purged_assigned

    def identities(self) -> Iterator[tuple[str, LeadId, bool]]:
        for key, lead_id in sorted(self._store.identities.items()):
            yield key, lead_id, lead_id in self._store.leads
