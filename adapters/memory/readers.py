"""The readers over a MemoryStore."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import TypeVar

from adapters.memory.store import MemoryStore
from application.ports.catalogue import CatalogueReader
from application.ports.contacts import (
    ContactExport,
    ContactFilter,
    ContactReader,
    ContactView,
    DecisionView,
    Step,
    Transfer,
    history_of,
)
from application.ports.leads import LeadExport, LeadReader, LeadView
from application.ports.operators import OperatorRef, OperatorView
from application.ports.paging import Page
from application.ports.sources import ServedSource, SourceView
from application.ports.statistics import (
    EVER,
    HourSpan,
    OperatorStatistics,
    SourceDistribution,
    SourceTotal,
    SourceWaits,
    StatisticsReader,
    moved_within,
    source_distribution,
)
from application.ports.storage import Changes, Health
from domain import limits
from domain.account import Moved
from domain.contact import Contact, ContactState
from domain.decision import Decision
from domain.dispatch import hour_of
from domain.errors import NoDecision, UnknownContact, UnknownLead, UnknownOperator, UnknownSource
from domain.ids import ContactId, LeadId, OperatorId, first_id_at
from domain.lead import Identity
from domain.source import Source, candidates

Stored = TypeVar("Stored")
View = TypeVar("View")


class MemoryCatalogueReader(CatalogueReader):
    """See `application.ports.catalogue.CatalogueReader`."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def operator(self, operator_id: OperatorId) -> OperatorView:
        with self._store.lock:
            if operator_id not in self._store.operators:
                raise UnknownOperator(f"no operator has the id {operator_id}.", field="operator_id")
            return OperatorView.of(self._store.operators[operator_id])

    def operators(
        self, *, active: bool | None, limit: int, after: OperatorId | None, full: bool = False
    ) -> Page[OperatorView]:
        with self._store.lock:
            return _page(
                (
                    operator
                    for operator_id, operator in sorted(self._store.operators.items())
                    if (active is None or operator.active is active)
                    and (after is None or operator_id > after)
                    and (not full or operator.load >= operator.capacity)
                ),
                limit,
                OperatorView.of,
            )

    def operator_ids(self, keys: Sequence[str]) -> Mapping[str, OperatorId]:
        wanted = set(keys)
        with self._store.lock:
            found = [each for each in self._store.operators.values() if each.key in wanted]
        return {each.key: each.id for each in found}

    def source(self, key: str) -> SourceView:
        with self._store.lock:
            if key not in self._store.sources:
                raise UnknownSource(f"no source has the key {key!r}.", field="source")
            return source_view(self._store, key)

    def served_by(self, operator_id: OperatorId) -> list[ServedSource]:
        with self._store.lock:
            views = [source_view(self._store, key) for key in sorted(self._store.sources)]
        return [
            ServedSource(view.key, view.name, each.weight, each.share)
            for view in views
            for each in view.allocations
            if each.operator_id == operator_id
        ]

    def sources(self, *, limit: int, after: str | None) -> Page[SourceView]:
        with self._store.lock:
            return _page(
                (key for key in sorted(self._store.sources) if after is None or key > after),
                limit,
                lambda key: source_view(self._store, key),
            )


class MemoryContactReader(ContactReader):
    """See `application.ports.contacts.ContactReader`."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def contact(self, contact_id: ContactId, *, source: str | None = None) -> ContactView:
        with self._store.lock:
            found = self._store.contacts.get(contact_id)
            if found is None or source not in {None, found.source_key}:
                raise UnknownContact(f"no contact has the id {contact_id}.")
            return contact_view(self._store, contact_id)

    def contacts(
        self,
        where: ContactFilter,
        *,
        limit: int,
        after: ContactId | None,
        oldest_first: bool = False,
    ) -> Page[ContactView]:
        with self._store.lock:
            every = self._store.contacts.values()
            return _page(
                (
                    each.id
                    for each in (every if oldest_first else reversed(every))
                    if (after is None or (each.id > after if oldest_first else each.id < after))
                    and _meets(each, where)
                ),
                limit,
                lambda contact_id: contact_view(self._store, contact_id),
            )

    def queue(
        self, source: str | None, *, limit: int, after: ContactId | None = None
    ) -> Page[ContactView]:
        store = self._store
        with store.lock:
            if source is None:
                every = sorted(each for queue in store.queues.values() for _, each in queue)
                ahead = (each for each in every if after is None or each > after)
            else:
                queue = store.queues.get(source, {})
                passed = None if after is None else store.contacts[after].place
                ahead = (place[1] for place in queue if passed is None or place > passed)
            return _page(ahead, limit, lambda contact_id: contact_view(store, contact_id))

    def decisions(self, source: str, *, limit: int) -> list[Decision]:
        store = self._store
        with store.lock:
            newest = (
                store.decisions[each.id]
                for each in reversed(store.contacts.values())
                if each.source_key == source and each.id in store.decisions
            )
            return [*islice(newest, limit)][::-1]

    def decision(self, contact_id: ContactId) -> DecisionView:
        store = self._store
        with store.lock:
            self.contact(contact_id)
            decision = store.decisions.get(contact_id)
            transfers = _transfers(store, contact_id)
            if decision is None and not transfers:
                raise NoDecision(
                    "no operator has been given this contact, so there is nothing to explain; if "
                    "it is waiting, it is handed out as soon as an operator is eligible."
                )
            operator_ids = decision.lineup.operator_ids if decision else ()
            return DecisionView(
                contact_id,
                decision,
                {each: store.operators[each].name for each in operator_ids},
                transfers,
            )

    def history(self, contact_id: ContactId, *, source: str | None = None) -> list[Step]:
        store = self._store
        with store.lock:
            return history_of(
                self.contact(contact_id, source=source),
                store.decisions.get(contact_id),
                {each.id: each.name for each in store.operators.values()},
                _transfers(store, contact_id),
            )


class MemoryLeadReader(LeadReader):
    """See `application.ports.leads.LeadReader`."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def lead(self, lead_id: LeadId) -> LeadView:
        with self._store.lock:
            if lead_id not in self._store.leads:
                raise UnknownLead(f"no lead has the id {lead_id}.", field="lead_id")
            return self._view(lead_id)

    def leads(
        self, *, identity: Identity | None, limit: int, after: LeadId | None
    ) -> Page[LeadView]:
        with self._store.lock:
            owners = set() if identity is None else self._owners(identity)
            return _page(
                (
                    each
                    for each in sorted(self._store.leads, reverse=True)
                    if (identity is None or each in owners) and (after is None or each < after)
                ),
                limit,
                self._view,
            )

    def export(self, lead_id: LeadId, *, limit: int, after: ContactId | None = None) -> LeadExport:
        store = self._store
        with store.lock:
            keys = {contact_id: key for (_, key), (contact_id, _) in store.keys.items()}
            lead = replace(self.lead(lead_id), identities=identities_of(store, lead_id))
            contacts = [
                ContactExport(
                    contact_view(store, each.id), keys.get(each.id), _transfers(store, each.id)
                )
                for each in reversed(store.contacts.values())
                if each.lead_id == lead_id and (after is None or each.id < after)
            ]
        return LeadExport(lead, contacts[:limit], len(contacts) > limit)

    def _owners(self, identity: Identity) -> set[LeadId]:
        known = self._store.identities
        if identity.key in known:
            return {known[identity.key]}
        return {known[key] for key in identity.also if key in known}

    def _view(self, lead_id: LeadId) -> LeadView:
        return lead_view(self._store, lead_id)


class MemoryStatisticsReader(StatisticsReader):
    """See `application.ports.statistics.StatisticsReader`."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def distribution(
        self, *, sources: Collection[str] | None, span: HourSpan
    ) -> list[SourceDistribution]:
        store = self._store
        with store.lock:
            for key in sources or ():
                if key not in store.sources:
                    raise UnknownSource(f"no source has the key {key!r}.", field="source")
            assigned: defaultdict[str, dict[OperatorId, int]] = defaultdict(dict)
            for (key, operator_id, hour), number in store.assigned.items():
                if span.has(hour):
                    assigned[key][operator_id] = assigned[key].get(operator_id, 0) + number
            accounts = {
                each.key: moved_within(
                    *(span, each.accounted_from, each.hour),
                    [(allocation.operator_id, allocation.moved) for allocation in each.allocations],
                )
                for each in store.sources.values()
            }
            for (key, operator_id, hour), moved in store.accounts.items():
                known = accounts[key]
                if known is not None and span.has(hour):
                    known[operator_id] = known.get(operator_id, Moved()).plus(moved)
            names = {each.id: each.name for each in store.operators.values()}
            return [
                source_distribution(
                    source_view(store, each),
                    sum(
                        number
                        for (key, hour), number in store.registered.items()
                        if key == each and span.has(hour)
                    ),
                    assigned[each],
                    names,
                    accounts[each],
                )
                for each in sorted(store.sources)
                if sources is None or each in sources
            ]

    def totals(self, span: HourSpan = EVER) -> list[SourceTotal]:
        registered: Counter[str] = Counter()
        with self._store.lock:
            for (key, hour), number in self._store.registered.items():
                if span.has(hour):
                    registered[key] += number
            return [
                SourceTotal(key, registered[key], each.waiting, *self._standing(each))
                for key, each in sorted(self._store.sources.items())
            ]

    def _standing(self, source: Source) -> tuple[int, int]:
        found = candidates(source.allocations, self._store.operators)
        answering = [each for each in found if each.weight]
        return len(answering), sum(each.obstacle is None for each in answering)

    def waiting_since(self) -> dict[str, datetime]:
        store = self._store
        with store.lock:
            return {
                key: store.contacts[next(iter(queue))[1]].created_at
                for key, queue in sorted(store.queues.items())
                if queue
            }

    def operators(self) -> list[OperatorStatistics]:
        with self._store.lock:
            contacts: defaultdict[OperatorId, dict[str, int]] = defaultdict(dict)
            for (key, operator_id, _), number in sorted(self._store.assigned.items()):
                contacts[operator_id][key] = contacts[operator_id].get(key, 0) + number
            return [
                OperatorStatistics(
                    OperatorView.of(each),
                    each.load / each.capacity if each.capacity else None,
                    contacts[each.id],
                )
                for _, each in sorted(self._store.operators.items())
            ]

    def by_hour(self, *, source: str | None, span: HourSpan) -> dict[int, int]:
        hours: Counter[int] = Counter()
        with self._store.lock:
            for (key, hour), number in self._store.registered.items():
                if source in {None, key} and span.has(hour):
                    hours[hour] += number
        return dict(sorted(hours.items()))

    def registered(self, since: datetime, until: datetime) -> int:
        first, end = first_id_at(since), first_id_at(until)
        with self._store.lock:
            return sum(first <= each < end for each in self._store.contacts)

    def waits(self, most: Mapping[str, int], *, span: HourSpan, now: datetime) -> list[SourceWaits]:
        newest: dict[str, list[Contact]] = {key: [] for key in most}
        with self._store.lock:
            for each in reversed(self._store.contacts.values()):
                if each.source_key in most and span.has(hour_of(each.created_at)):
                    newest[each.source_key].append(each)
            return [_waits_of(key, newest[key], number, now) for key, number in most.items()]


class MemoryChanges(Changes):
    """See `application.ports.storage.Changes`."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def token(self) -> object:
        return self._store.commits


class MemoryHealth(Health):
    """See `application.ports.storage.Health`: memory is always available."""

    def ready(self) -> None:
        return

    def readable(self) -> None:
        return


def contact_view(store: MemoryStore, contact_id: ContactId) -> ContactView:
    """Return the view of a stored contact."""
    contact = store.contacts[contact_id]
    return ContactView.of(
        contact,
        store.leads[contact.lead_id].name,
        None if contact.operator_id is None else store.operators[contact.operator_id].name,
        None if contact.payload is None else json.loads(contact.payload),
    )


def lead_view(store: MemoryStore, lead_id: LeadId) -> LeadView:
    """Return the view of a stored lead."""
    lead = store.leads[lead_id]
    shown = identities_of(store, lead_id)[: limits.MAX_LEAD_IDENTITIES]
    return LeadView(lead.id, lead.name, shown, lead.created_at)


def identities_of(store: MemoryStore, lead_id: LeadId) -> list[Identity]:
    """Return every identity of a lead."""
    keys = sorted(key for key, owner in store.identities.items() if owner == lead_id)
    return list(map(Identity.from_key, keys))


def source_view(store: MemoryStore, key: str) -> SourceView:
    """Return the view of a stored source."""
    source = store.sources[key]
    return SourceView.of(
        source,
        {each.operator_id: store.operators[each.operator_id].name for each in source.allocations},
    )


def operator_ref(store: MemoryStore, operator_id: OperatorId) -> OperatorRef:
    """Return a reference to a stored operator, by id and name."""
    return OperatorRef(operator_id, store.operators[operator_id].name)


def _waits_of(source: str, newest: list[Contact], most: int, now: datetime) -> SourceWaits:
    looked_at = newest[:most]
    seconds = (
        ((each.assigned_at or each.closed_at or now) - each.created_at).total_seconds()
        for each in looked_at
    )
    return SourceWaits(
        source,
        sorted(max(each, 0.0) for each in seconds),
        sorted(
            max((each.closed_at - each.assigned_at).total_seconds(), 0.0)
            for each in looked_at
            if each.closed_at and each.assigned_at
        ),
        sum(each.state is ContactState.WAITING for each in looked_at),
        whole=len(newest) <= most,
    )


def _transfers(store: MemoryStore, contact_id: ContactId) -> list[Transfer]:
    return [
        Transfer(
            each.at,
            None if each.previous is None else operator_ref(store, each.previous),
            operator_ref(store, each.operator),
        )
        for each in store.transfers.get(contact_id, ())
    ]


def _page(found: Iterable[Stored], limit: int, view: Callable[[Stored], View]) -> Page[View]:
    items: list[View] = []
    for each in found:
        if len(items) == limit:
            return Page(items, more=True)
        items.append(view(each))
    return Page(items, more=False)


def _meets(contact: Contact, where: ContactFilter) -> bool:
    return (
        (where.source is None or contact.source_key == where.source)
        and (where.operator_id is None or contact.operator_id == where.operator_id)
        and (where.leads is None or contact.lead_id in where.leads)
        and (not where.states or contact.state in where.states)
        and (where.since is None or contact.id >= first_id_at(where.since))
        and (where.until is None or contact.id < first_id_at(where.until))
    )
