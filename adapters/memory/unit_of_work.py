"""The unit of work over a MemoryStore."""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime
from itertools import islice
from types import TracebackType
from typing import Self

from adapters.memory.audit import MemoryAudit
from adapters.memory.due import MemoryDueItems
from adapters.memory.endpoints import MemoryEndpoints
from adapters.memory.events import MemoryEvents
from adapters.memory.keys import MemoryKeys
from adapters.memory.readers import lead_view
from adapters.memory.store import MemoryStore, StoredTransfer
from application.assignment_times import Assignments, AssignmentTimes
from application.ports.contacts import Contacts, Found, Keyed, Purged
from application.ports.dispatches import Dispatches
from application.ports.events import contact_entries
from application.ports.failures import StorageUnavailable
from application.ports.leads import Acquaintance, Leads, LeadView
from application.ports.system import Rolls
from application.ports.unit_of_work import UnitOfWork
from domain import limits
from domain.account import Moved
from domain.actor import SCRIPT
from domain.availability import obstacle
from domain.contact import Contact, ContactState, Place
from domain.dispatch import Dispatch
from domain.errors import UnknownLead
from domain.events import (
    AllocationsChanged,
    Assigned,
    Closed,
    ContactEvent,
    OperatorChanged,
    OperatorCreated,
    Registered,
    SourceChanged,
    SourceCreated,
    Transferred,
)
from domain.ids import ContactId, LeadId, OperatorId, first_id_at
from domain.lead import Identity, Lead, LeadIndex, Recognition


class MemoryUnitOfWork(UnitOfWork):
    """See `application.ports.unit_of_work.UnitOfWork`; one at a time."""

    def __init__(self, store: MemoryStore, rolls: Rolls, times: AssignmentTimes) -> None:
        self._store = store
        self._times = times
        self._assigned: list[Assignments] = []
        self._begun = False
        self.leads = MemoryLeads(store)
        self.contacts = MemoryContacts(store)
        self.dispatches = MemoryDispatches(store, rolls)
        self.keys = MemoryKeys(store)
        self.audit = MemoryAudit(store)
        self.events = MemoryEvents(store)
        self.actor = SCRIPT.name
        self.due = MemoryDueItems(store)
        self.endpoints = MemoryEndpoints(store)

    def __enter__(self) -> Self:
        if not self._begun:
            self._store.lock.acquire()
        return self

    def begin_at_once(self) -> bool:
        self._begun = self._store.lock.acquire(blocking=False)
        return self._begun

    def save(self, dispatch: Dispatch) -> None:
        store = self._store
        self.leads.learn(
            [
                each.lesson
                for each in dispatch.events
                if isinstance(each, Registered) and each.lesson
            ]
        )
        for event in dispatch.events:
            match event:
                case OperatorCreated(operator):
                    store.put(store.operators, operator.id, copy(operator))
                case OperatorChanged(operator):
                    load = store.operators[operator.id].load
                    store.put(store.operators, operator.id, replace(operator, load=load))
                case SourceCreated(source):
                    store.put(store.sources, source.key, source.copy())
                case SourceChanged(source):
                    stored = store.sources[source.key].copy()
                    stored.name, stored.strategy = source.name, source.strategy
                    store.put(store.sources, source.key, stored)
                case AllocationsChanged(source):
                    stored = store.sources[source.key].copy()
                    stored.allocations = list(map(copy, source.allocations))
                    store.put(store.sources, source.key, stored)
                case Registered() | Assigned() | Closed() | Transferred():
                    self.contacts.store(event)
        dispatch.done_by(self.actor)
        self.events.add(contact_entries(dispatch.events, dispatch.actors))
        self.dispatches.store(dispatch)
        self._assigned.append(Assignments.of(dispatch))
        dispatch.forget_changes()

    def commit(self) -> None:
        self._store.commit()
        for each in self._assigned:
            self._times.note(each)
        self._assigned.clear()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self.commit()
            else:
                self._store.rollback()
        finally:
            self._store.lock.release()


class MemoryLeads(Leads):
    """See `application.ports.leads.Leads`."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def index(self, identities: Iterable[Identity], lead_ids: Iterable[LeadId]) -> LeadIndex:
        leads, owners = self._store.leads, self._store.identities
        every = {
            key: Identity.from_key(key) for each in identities for key in (each.key, *each.also)
        }
        return LeadIndex(
            [(each, copy(leads[owners[key]])) for key, each in every.items() if key in owners],
            [copy(leads[each]) for each in lead_ids if each in leads],
        )

    def acquaintance(self, lead_id: LeadId) -> Acquaintance:
        made_known_by = (
            each.source_key
            for each in self._store.contacts.values()
            if each.lead_id == lead_id and each.lead_created
        )
        identities = sum(owner == lead_id for owner in self._store.identities.values())
        return Acquaintance(
            next(made_known_by, None),
            min(identities, limits.MAX_LEAD_IDENTITIES),
        )

    def learn(self, lessons: Sequence[Recognition]) -> None:
        for each in lessons:
            self._store.put(self._store.leads, each.lead.id, copy(each.lead))
            for identity in each.learned:
                self._store.put(self._store.identities, identity.key, each.lead.id)

    def get(self, lead_id: LeadId) -> Lead:
        try:
            return copy(self._store.leads[lead_id])
        except KeyError:
            raise UnknownLead(f"no lead has the id {lead_id}.", field="lead_id") from None

    def view(self, lead_id: LeadId) -> LeadView:
        self.get(lead_id)
        return lead_view(self._store, lead_id)

    def save_renamed(self, lead: Lead, previous: str | None) -> None:
        del previous
        self._store.put(self._store.leads, lead.id, copy(lead))

    def forget(self, lead_id: LeadId, identity: Identity) -> bool:
        owned = self._store.identities.get(identity.key) == lead_id
        if owned:
            self._store.remove(self._store.identities, identity.key)
        return owned

    def erase(self, lead_id: LeadId) -> bool:
        store = self._store
        self.get(lead_id)
        named = store.leads[lead_id].name is not None
        store.put(store.leads, lead_id, replace(store.leads[lead_id], name=None))
        identities = [key for key, owner in store.identities.items() if owner == lead_id]
        for key in identities:
            store.remove(store.identities, key)
        contacts = [each for each in store.contacts.values() if each.lead_id == lead_id]
        telling = [each for each in contacts if each.payload is not None or each.unread]
        for contact in telling:
            store.put(store.contacts, contact.id, replace(contact, payload=None, unread=()))
        ids = {each.id for each in contacts}
        slots = [slot for slot, (owner, _) in store.keys.items() if owner in ids]
        for slot in slots:
            store.remove(store.keys, slot)
        return named or bool(identities or telling or slots)


class MemoryContacts(Contacts):
    """See `application.ports.contacts.Contacts`."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._loaded: dict[ContactId, Found] = {}

    def find(self, contact_ids: Sequence[ContactId]) -> dict[ContactId, Found]:
        stored = self._store.contacts
        self._loaded = {each: self._found(each) for each in contact_ids if each in stored}
        return self._loaded

    def keyed(self, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Keyed]:
        stored = self._store.keys
        found = {key: stored[key] for key in keys if key in stored}
        return {
            key: Keyed(fingerprint, contact_id) for key, (contact_id, fingerprint) in found.items()
        }

    def oldest_waiting(self, most: Mapping[str, int]) -> dict[str, list[Contact]]:
        return {
            key: [
                self._loaded.setdefault(each, self._found(each)).contact
                for _, each in islice(self._store.queues[key], limit)
            ]
            for key, limit in most.items()
        }

    def store(self, event: ContactEvent) -> None:
        """Store what happened to a contact."""
        store, contact = self._store, event.contact
        self._put(contact)
        match event:
            case Registered(_, decision, key):
                if decision is not None:
                    store.put(store.decisions, contact.id, decision)
                if key is not None:
                    store.put(store.keys, (contact.source_key, key[0]), (contact.id, key[1]))
            case Assigned(_, decision):
                store.put(store.decisions, contact.id, decision)
            case Transferred(_, previous, operator_id, at):
                earlier = store.transfers.get(contact.id, ())
                transfer = StoredTransfer(at, previous, operator_id)
                store.put(store.transfers, contact.id, (*earlier, transfer))

    def waiting_after(self, moment: datetime) -> list[Place]:
        places = (place for queue in self._store.queues.values() for place in queue)
        return sorted(place for place in places if place[0] > moment)

    def requeue(self, places: Sequence[Place]) -> None:
        store = self._store
        for rank, contact_id in places:
            contact = store.contacts[contact_id]
            store.remove(store.queues[contact.source_key], contact.place)
            self._put(replace(contact, rank=rank))

    def remove_closed(self, before: datetime, *, after: ContactId | None, limit: int) -> Purged:
        # Every stretch of the walk lists them all: memory is for tests and simulations.
        closed = [
            each
            for contact_id, each in sorted(self._store.contacts.items())
            if each.state is ContactState.CLOSED
            and contact_id < first_id_at(before)
            and (after is None or contact_id > after)
        ]
        removed = [
            each
            for each in closed[:limit]
            if each.closed_at is not None and each.closed_at < before
        ]
        for each in removed:
            self._remove(each)
        return Purged(len(removed), closed[limit - 1].id if len(closed) > limit else None)

    def _remove(self, contact: Contact) -> None:
        store = self._store
        store.remove(store.contacts, contact.id)
        store.count(store.purged_registered, contact.source_key, 1)
        decision = store.decisions.get(contact.id)
        if decision is not None:
            store.remove(store.decisions, contact.id)
            store.count(store.purged_assigned, (contact.source_key, decision.picked), 1)
        if contact.id in store.transfers:
            store.remove(store.transfers, contact.id)
        for key in [key for key, (owner, _) in store.keys.items() if owner == contact.id]:
            store.remove(store.keys, key)

    def _found(self, contact_id: ContactId) -> Found:
        contact = copy(self._store.contacts[contact_id])
        return Found(contact, self._store.leads[contact.lead_id].name)

    def _put(self, contact: Contact) -> None:
        earlier = self._store.contacts.get(contact.id)
        self._store.put_sorted(self._store.contacts, contact.id, copy(contact))
        queue = self._store.queues[contact.source_key]
        if contact.state is ContactState.WAITING:
            self._store.put_sorted(queue, contact.place, None)
        elif earlier is not None and earlier.place in queue:
            self._store.remove(queue, earlier.place)


class MemoryDispatches(Dispatches):
    """See `application.ports.dispatches.Dispatches`; the store's lock is the only one."""

    def __init__(self, store: MemoryStore, rolls: Rolls) -> None:
        self._store = store
        self._dispatch = Dispatch([], [], rolls)

    def load(
        self,
        *,
        sources: Iterable[str] = (),
        served_by: Iterable[OperatorId] = (),
        operators: Iterable[OperatorId] = (),
    ) -> Dispatch:
        stored, dispatch = self._store.sources, self._dispatch
        named = set(served_by)
        keys = {key for key in sources if key in stored} | {
            key
            for key, source in stored.items()
            if any(each.operator_id in named for each in source.allocations)
        }
        loaded = [stored[key].copy() for key in sorted(keys - dispatch.sources.keys())]
        ids = {each.operator_id for source in loaded for each in source.allocations}
        ids.update(each for each in (*named, *operators) if each in self._store.operators)
        dispatch.include(loaded, [copy(self._store.operators[each]) for each in sorted(ids)])
        return dispatch

    def operator_keys(self, beginning: str) -> set[str]:
        keys = (each.key for each in self._store.operators.values())
        return {each for each in keys if each.startswith(beginning)}

    def store(self, dispatch: Dispatch) -> None:
        """Store loads, credits, queue lengths and counters."""
        store = self._store
        moved = {source.key for source in dispatch.settle()}
        for operator_id, slots in dispatch.slots.items():
            operator = copy(store.operators[operator_id])
            operator.load += slots
            has_room = operator.load <= operator.capacity
            if slots > 0 and obstacle(operator.availability, has_room=has_room):
                raise StorageUnavailable("an operator changed while its slot was taken; try again.")
            store.put(store.operators, operator_id, operator)
        for key, source in dispatch.sources.items():
            stored = store.sources[key].copy()
            stored.waiting = source.waiting
            stored.hour = source.hour
            if key in moved or key in dispatch.booked:
                stored.allocations = list(map(copy, source.allocations))
            store.put(store.sources, key, stored)
        for counted, number in dispatch.registered.items():
            store.count(store.registered, counted, number)
        for given, number in dispatch.assigned.items():
            store.count(store.assigned, given, number)
        for account, booked in dispatch.accounts.items():
            known = store.accounts.get(account, Moved())
            store.put(store.accounts, account, known.plus(booked))
