"""What every use case that changes something is made of, and how several share a transaction.

A command and its actor become an order, checked as far as is possible without a storage. Orders of
any kind are carried out in one transaction, in the order in which they came, and each is refused by
itself.

There are two kinds. Those of a contact's life come by the thousand and are *joint*: each says
beforehand what it needs, the storage is asked once for all of them, and they are decided one by one
in memory. Everything else is done *alone*, on stored data, once everything before it is stored.
"""

import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from application.ports.contacts import ContactView, Found, Keyed
from application.ports.unit_of_work import UnitOfWork
from application.transactions import Transactions
from application.waiting import Queues
from domain.actor import SCRIPT, Actor
from domain.contact import Contact
from domain.errors import DomainError, UnknownContact
from domain.ids import ContactId, LeadId, OperatorId
from domain.lead import Identity, LeadIndex

Command_contra = TypeVar("Command_contra", contravariant=True)
View_co = TypeVar("View_co", covariant=True)


@dataclass(frozen=True, slots=True)
class UseCase(ABC, Generic[Command_contra, View_co]):
    """Something that can be asked for.

    Attributes:
        joint: whether it is decided together with others; see `Joint` and `Alone`.
        short: whether it may run on the event loop: it takes a few milliseconds at most.
    """

    joint: ClassVar[bool]
    short: ClassVar[bool]
    transactions: Transactions

    def __call__(self, command: Command_contra, actor: Actor = SCRIPT) -> View_co:
        """Carry out a command for an actor, in a transaction of its own.

        Raises:
            DomainError: it is refused; nothing has changed.
            StorageUnavailable: nothing has changed, unless it is OutcomeUnknown.
        """
        order = self.order(command, actor)

        def work(uow: UnitOfWork) -> View_co:
            (outcome,) = carry_out(uow, [order])
            if isinstance(outcome, DomainError):
                raise outcome
            view: View_co = outcome
            return view

        return self.transactions.to_the_end(work)

    def order(self, command: Command_contra, actor: Actor) -> "Order":
        """Check what can be checked without a storage.

        Raises:
            DomainError: the command is refused.
        """
        return Order(self, self.prepare(command, actor), actor)

    def prepare(self, command: Command_contra, actor: Actor) -> Any:
        """Return what is to be carried out: the command itself, or what was made from it."""
        del actor
        return command


class Alone(UseCase[Command_contra, View_co]):
    """A use case that finds everything before it stored, and stores its own changes.

    It checks before it changes anything: a command that it refuses has no effect, and others go on.
    """

    __slots__ = ()
    joint = False
    short = False

    @abstractmethod
    def within(self, uow: UnitOfWork, command: Any, actor: Actor) -> View_co:
        """Carry out what `prepare` returned, in a transaction shared with others."""


class Joint(UseCase[Command_contra, View_co]):
    """A use case that is decided in memory, together with others, and stored with them."""

    __slots__ = ()
    joint = True
    short = True

    @abstractmethod
    def gather(self, command: Any, needs: "Needs") -> None:
        """Say what `decide` will need."""

    @abstractmethod
    def decide(self, batch: "Batch", command: Any, actor: Actor) -> View_co:
        """Carry out what `prepare` returned; a command that it refuses has changed nothing."""


class Order(NamedTuple):
    """What somebody asked for, ready to be carried out."""

    use_case: Any
    command: Any
    actor: Actor


@dataclass(slots=True)
class Needs:
    """What some commands will need.

    Attributes:
        sources: source keys.
        operators: those that may be given something.
        serving: those that may take more than before, with the sources that they serve.
        keys: what is registered at most once: (source key, idempotency key).
    """

    sources: set[str] = field(default_factory=set)
    operators: set[OperatorId] = field(default_factory=set)
    serving: set[OperatorId] = field(default_factory=set)
    contacts: list[ContactId] = field(default_factory=list)
    identities: list[Identity] = field(default_factory=list)
    leads: list[LeadId] = field(default_factory=list)
    keys: list[tuple[str, str]] = field(default_factory=list)


class Batch:
    """What joint commands share: loaded together, decided one by one, stored together.

    Attributes:
        dispatch: with everything needed loaded.
        keyed: contacts registered before, by (source key, idempotency key).
        leads: those needed.
        named: names that leads got in this batch.
    """

    def __init__(self, uow: UnitOfWork, needs: Needs) -> None:
        """Load what is needed."""
        self.uow = uow
        self.keyed: dict[tuple[str, str], Keyed] = (
            dict(uow.contacts.keyed(needs.keys)) if needs.keys else {}
        )
        self._found = uow.contacts.find(
            [*needs.contacts, *(each.contact_id for each in self.keyed.values())]
        )
        held = [each.contact for each in self._found.values()]
        self.dispatch = uow.dispatches.load(
            sources=needs.sources.union(each.source_key for each in held),
            served_by=needs.serving.union(
                each.operator_id for each in held if each.operator_id is not None
            ),
            operators=needs.operators,
        )
        self.leads = (
            uow.leads.index(needs.identities, needs.leads)
            if needs.identities or needs.leads
            else LeadIndex(())
        )
        self.named: dict[LeadId, str | None] = {}
        self._queues = Queues(uow, self.dispatch)
        self._read_queues(needs.contacts)

    def contact(self, contact_id: ContactId, actor: Actor) -> Contact:
        """Return a contact; the dispatch then holds everything that changing it can touch.

        Raises:
            UnknownContact: it does not exist, or this actor may not see it.
        """
        found = self._found.get(contact_id)
        if found is None or not actor.sees(found.contact):
            raise UnknownContact(f"no contact has the id {contact_id}.")
        contact = found.contact
        if contact.operator_id is not None:
            # It may have changed hands since it was loaded.
            self.uow.dispatches.load(served_by=[contact.operator_id])
        return contact

    def keep(
        self, slot: tuple[str, str], fingerprint: bytes, contact: Contact, lead_name: str | None
    ) -> None:
        """Remember a new contact, which may be asked for again in this batch."""
        self.keyed[slot] = Keyed(fingerprint, contact.id)
        self._found[contact.id] = Found(contact, lead_name)

    def view(self, contact_id: ContactId) -> ContactView:
        """Show a contact of this batch as it stands."""
        found = self._found[contact_id]
        contact = found.contact
        lead_id, operator_id = contact.lead_id, contact.operator_id
        return ContactView.of(
            contact,
            self.named.get(lead_id, found.lead_name),
            None if operator_id is None else self.dispatch.operators[operator_id].name,
            None if contact.payload is None else json.loads(contact.payload),
        )

    def store(self) -> None:
        """Store what has happened so far, before something changes that it was decided by.

        The storage lets nobody take a slot of an operator who is inactive or full.
        """
        if self.dispatch.events:
            self.uow.save(self.dispatch)

    def hand_out(self, at: datetime) -> None:
        """Hand out contacts that waited for a slot that has become free."""
        for item in self._queues.hand_out(at):
            self.uow.due.put(item)

    def joined_queue(self, contact: Contact) -> None:
        """Take note of a new contact that waits."""
        self._queues.joined(contact)

    def _read_queues(self, changing: Iterable[ContactId]) -> None:
        """Read as much of every queue as can be handed out when these contacts free their slots."""
        freed: Counter[str] = Counter()
        for contact_id in changing:
            found = self._found.get(contact_id)
            if found is not None and found.contact.operator_id is not None:
                freed.update(self.dispatch.queues_of(found.contact.operator_id))
        if freed:
            self._queues.read(freed)


def carry_out(uow: UnitOfWork, orders: Iterable[Order]) -> list[Any]:
    """Carry out orders in a transaction that the caller has begun and will commit.

    Returns:
        For every order its view, or the DomainError that refuses it: that order has had no effect.

    Raises:
        StorageUnavailable: the caller must roll back. So it must after any other error, which is a
            defect.
    """
    outcomes: list[Any] = []
    for joint, orders_alike in groupby(orders, key=attrgetter("use_case.joint")):
        if joint:
            outcomes += _together(uow, list(orders_alike))
        else:
            for each in orders_alike:
                uow.actor = each.actor.name
                try:
                    outcomes.append(each.use_case.within(uow, each.command, each.actor))
                except DomainError as refusal:
                    outcomes.append(refusal)
    return outcomes


def _together(uow: UnitOfWork, orders: Sequence[Order]) -> list[Any]:
    needs = Needs()
    for use_case, command, _ in orders:
        use_case.gather(command, needs)
    batch = Batch(uow, needs)
    outcomes: list[Any] = []
    for use_case, command, actor in orders:
        uow.actor = actor.name
        try:
            outcomes.append(use_case.decide(batch, command, actor))
        except DomainError as refusal:
            outcomes.append(refusal)
        batch.dispatch.done_by(actor.name)
    uow.save(batch.dispatch)
    return outcomes
