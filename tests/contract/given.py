"""What the contract suites start from, stored through the ports."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from application.ports.contacts import ContactFilter
from application.ports.statistics import HourSpan
from application.ports.storage import Storage
from application.ports.unit_of_work import UnitOfWork
from domain.contact import Contact
from domain.decision import Candidate, Decision
from domain.dispatch import Dispatch
from domain.events import (
    AllocationsChanged,
    Closed,
    Event,
    OperatorCreated,
    Registered,
    SourceCreated,
    Transferred,
)
from domain.ids import ContactId, LeadId, OperatorId, time_of
from domain.lead import Identity, Lead, Recognition
from domain.operator import Operator
from domain.source import Allocation, Source
from domain.strategy import Strategy
from tests.support import World, decision_of

NOBODY = UUID(int=1)
"""An id that nothing has."""


@dataclass(frozen=True)
class Given:
    """Stores entities one by one, without any handler."""

    world: World

    @property
    def storage(self) -> Storage:
        return self.world.container.storage()

    @property
    def now(self) -> datetime:
        return self.world.clock.now()

    def new_id(self) -> UUID:
        return self.world.container.ids().new()

    def operator(
        self, name: str = "Ann", capacity: int = 1000, active: bool = True, load: int = 0
    ) -> Operator:
        operator_id = OperatorId(self.new_id())
        operator = Operator(operator_id, name, capacity, active, time_of(operator_id), load)
        with self.storage.unit_of_work() as uow:
            happened(uow, OperatorCreated(operator))
        return operator

    def source(
        self, key: str, *allocations: tuple[Operator, int], strategy: Strategy = Strategy.EXACT
    ) -> Source:
        source = Source(key, key, strategy, self.now)
        source.replace_allocations([(each.id, weight) for each, weight in allocations])
        with self.storage.unit_of_work() as uow:
            happened(uow, SourceCreated(source))
        return source

    def credits(self, source: Source, *credits: int) -> None:
        source.allocations = [
            Allocation(each.operator_id, each.weight, credit)
            for each, credit in zip(source.allocations, credits, strict=True)
        ]
        with self.storage.unit_of_work() as uow:
            happened(uow, AllocationsChanged(source))

    def lead(self, *identities: Identity, name: str | None = None) -> Lead:
        lead_id = LeadId(self.new_id())
        lead = Lead(lead_id, name, time_of(lead_id))
        with self.storage.unit_of_work() as uow:
            uow.leads.learn([Recognition(lead, created=True, named=False, learned=identities)])
        return lead

    def contact(
        self,
        source: Source,
        lead: Lead,
        operator: Operator | None = None,
        *,
        closed: bool = False,
        **more: Any,
    ) -> Contact:
        """Store one contact, waiting or assigned to the operator; loads do not change."""
        contact_id = ContactId(self.new_id())
        contact = Contact(contact_id, source.key, lead.id, time_of(contact_id), **more)
        decision = None
        if operator is not None:
            contact.assign(operator.id, self.now)
            decision = decision_on(operator)
        with self.storage.unit_of_work() as uow:
            happened(uow, Registered(contact, decision))
            if closed:
                contact.close(self.now)
                happened(uow, Closed(contact, contact.operator_id, self.now))
        return contact


def happened(uow: UnitOfWork, *events: Event) -> None:
    """Store events as they are: no load, queue or counter changes."""
    dispatch = Dispatch([], [], lambda: 0)
    dispatch.events += events
    uow.save(dispatch)


def moved_to_its_operator(contact: Contact, previous: OperatorId | None, at: datetime) -> Event:
    """Return the transfer that brought a contact to its present operator."""
    assert contact.operator_id
    return Transferred(contact, previous, contact.operator_id, at)


def decision_on(*operators: Operator) -> Decision:
    """Return a decision for the first of these operators."""
    candidates = [
        Candidate(each.id, 1, each.availability, 0, each.capacity, 0)
        for each in sorted(operators, key=lambda each: each.id)
    ]
    return decision_of(Strategy.EXACT, candidates, None, operators[0].id)


def everything(storage: Storage) -> list[Any]:
    """Return everything that the readers and the auditor of a storage show."""
    return list(_everything(storage))


def _everything(storage: Storage) -> Iterator[Any]:
    yield storage.catalogue.operators(active=None, limit=1000, after=None)
    yield storage.catalogue.sources(limit=1000, after=None)
    contacts = storage.contacts.contacts(ContactFilter(), limit=1000, after=None)
    yield contacts
    yield storage.leads.leads(identity=None, limit=1000, after=None)
    yield storage.statistics.distribution(sources=None, span=HourSpan())
    yield storage.statistics.operators()
    yield storage.audit.entries(subject=None, action=None, limit=1000, after=None)
    with storage.auditor.facts() as facts:
        yield sorted(facts.operators(), key=lambda each: each.id)
        yield sorted((each.copy() for each in facts.sources()), key=lambda each: each.key)
        yield sorted(facts.contacts(), key=lambda each: each.id)
        yield [dict(each) for each in facts.registered()]
        yield [dict(each) for each in facts.assigned()]
        yield [dict(facts.purged_registered()), dict(facts.purged_assigned())]
        yield list(facts.identities())
