"""Contacts, for writing and for reading, and what queries show of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol

from application.ports.operators import OperatorRef
from application.ports.paging import Page
from application.ports.versions import version_of
from domain.actor import Actor
from domain.contact import Contact, ContactState, Place
from domain.decision import Decision
from domain.ids import ContactId, LeadId, OperatorId
from domain.lead import UnreadIdentity
from domain.strategy import Strategy


@dataclass(slots=True)
class ContactLead:
    """The lead of a contact, and how the contact came to be this lead's.

    Attributes:
        created: whether the contact made the lead known; None if the actor may not know.
        conflicts: other leads that own some of the identities that the contact came with.
        unread: what came as identities but could not be read as such, by kind.
    """

    id: LeadId
    name: str | None
    created: bool | None
    conflicts: tuple[LeadId, ...]
    # A tuple, not a Sequence: for each of those pydantic calls into Python to make JSON, 0.8 us.
    unread: tuple[UnreadIdentity, ...] = ()


@dataclass(slots=True)
class ContactView:
    """A contact; see `domain.contact.Contact`."""

    id: ContactId
    state: ContactState
    source: str
    lead: ContactLead
    operator: OperatorRef | None
    payload: Mapping[str, Any] | None
    created_at: datetime
    assigned_at: datetime | None
    closed_at: datetime | None

    @property
    def version(self) -> str:
        """A text that changes when the contact changes hands or state."""
        return version_of(
            self.state.value, None if self.operator is None else str(self.operator.id)
        )

    def seen_by(self, actor: Actor) -> "ContactView":
        """Show as much as an actor may know.

        An actor that may not read learns nothing about a person that it has not said itself:
        neither the stored name nor whether the person was known, and by what.
        """
        if actor.reads:
            return self
        # Bots' keys may not read, so every registration comes through here: `replace` would take
        # 4 us, and this takes 1.
        return ContactView(
            self.id,
            self.state,
            self.source,
            ContactLead(self.lead.id, None, None, (), self.lead.unread),
            self.operator,
            self.payload,
            self.created_at,
            self.assigned_at,
            self.closed_at,
        )

    @classmethod
    def of(
        cls,
        contact: Contact,
        lead_name: str | None,
        operator_name: str | None,
        payload: Mapping[str, Any] | None,
    ) -> "ContactView":
        """Show a contact as it stands."""
        return cls(
            contact.id,
            contact.state,
            contact.source_key,
            ContactLead(
                contact.lead_id, lead_name, contact.lead_created, contact.conflicts, contact.unread
            ),
            None
            if contact.operator_id is None or operator_name is None
            else OperatorRef(contact.operator_id, operator_name),
            payload,
            contact.created_at,
            contact.assigned_at,
            contact.closed_at,
        )


@dataclass(frozen=True, slots=True)
class ContactFilter:
    """Which contacts to list: those that meet everything given; `until` is exclusive.

    Attributes:
        leads: contacts of one of these leads, a hundred at most.
        states: contacts in one of these states; in any state if it is empty.
    """

    source: str | None = None
    operator_id: OperatorId | None = None
    leads: Collection[LeadId] | None = None
    states: Collection[ContactState] = ()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """A person gave the contact to an operator; `previous` is None if it was waiting."""

    at: datetime
    previous: OperatorRef | None
    operator: OperatorRef


@dataclass(frozen=True, slots=True)
class DecisionView:
    """Why a contact has its operator.

    Attributes:
        decision: what the picker saw and did; None if the contact was transferred by hand while
            it waited.
        names: those of all candidates.
        transfers: what people have done since, in the order in which it happened.
    """

    contact_id: ContactId
    decision: Decision | None
    names: Mapping[OperatorId, str]
    transfers: Sequence[Transfer]


@dataclass(frozen=True, slots=True)
class RegistrationStep:
    """The contact came in.

    Attributes:
        type: always `registered`.
        at: when it came in.
        source: the key of the source that it came in on.
        lead_id: whose contact it is.
    """

    type: Literal["registered"]
    at: datetime
    source: str
    lead_id: LeadId


@dataclass(frozen=True, slots=True)
class AssignmentStep:
    """A picker gave the contact to an operator; the decision tells the whole reason.

    Attributes:
        type: always `assigned`.
        at: when it was assigned.
        operator: the one picked.
        waited_seconds: from the registration to the assignment; 0 if it was assigned at once.
        strategy: how the operator was picked.
        allocated: the number of operators that had an allocation on the source.
        eligible: the number of these that could have been picked.
    """

    type: Literal["assigned"]
    at: datetime
    operator: OperatorRef
    waited_seconds: float
    strategy: Strategy
    allocated: int
    eligible: int


@dataclass(frozen=True, slots=True)
class TransferStep:
    """A person gave the contact to an operator.

    Attributes:
        type: always `transferred`.
        at: when it was transferred.
        operator: the one that got it.
        previous_operator: the one that had it before; None if it was waiting.
    """

    type: Literal["transferred"]
    at: datetime
    operator: OperatorRef
    previous_operator: OperatorRef | None


@dataclass(frozen=True, slots=True)
class ClosingStep:
    """The contact was closed.

    Attributes:
        type: always `closed`.
        at: when it was closed.
        operator: the one that had it; None if it was waiting.
    """

    type: Literal["closed"]
    at: datetime
    operator: OperatorRef | None


Step = RegistrationStep | AssignmentStep | TransferStep | ClosingStep


def history_of(
    contact: ContactView,
    decision: Decision | None,
    names: Mapping[OperatorId, str],
    transfers: Sequence[Transfer],
) -> list[Step]:
    """Tell what happened to a contact from what is stored about it for good.

    It is not sorted by time: things can have happened in this order only, whether at one moment or
    while the clock was set back.

    Args:
        contact: as it stands.
        decision: the one that ended its wait; None if there was none.
        names: at least that of the operator picked.
        transfers: in the order in which they happened.
    """
    steps: list[Step] = [
        RegistrationStep("registered", contact.created_at, contact.source, contact.lead.id)
    ]
    if decision is not None and contact.assigned_at is not None:
        waited = (contact.assigned_at - contact.created_at).total_seconds()
        steps.append(
            AssignmentStep(
                "assigned",
                contact.assigned_at,
                OperatorRef(decision.picked, names[decision.picked]),
                max(waited, 0.0),
                decision.strategy,
                len(decision.lineup.operator_ids),
                len(decision.eligible),
            )
        )
    steps += [
        TransferStep("transferred", each.at, each.operator, each.previous) for each in transfers
    ]
    if contact.closed_at is not None:
        steps.append(ClosingStep("closed", contact.closed_at, contact.operator))
    return steps


@dataclass(frozen=True, slots=True)
class ContactExport:
    """A contact with all that is stored about it except the reason for its assignment."""

    contact: ContactView
    idempotency_key: str | None
    transfers: Sequence[Transfer]


class Keyed(NamedTuple):
    """A contact registered before under an idempotency key."""

    fingerprint: bytes
    contact_id: ContactId


class Found(NamedTuple):
    """A stored contact, with the name of its lead."""

    contact: Contact
    lead_name: str | None


class Purged(NamedTuple):
    """The result of purging some of the oldest closed contacts.

    Attributes:
        removed: how many were removed.
        last: the last of all that were looked at; None if there are no more to look at.
    """

    removed: int
    last: ContactId | None


class Contacts(Protocol):
    """Contacts, for writing; see `UnitOfWork.save`."""

    def find(self, contact_ids: Sequence[ContactId]) -> dict[ContactId, Found]:
        """Return those of these contacts that exist.

        The unit of work uses this dictionary until it is asked to find others: a contact in it is
        the same object wherever it is met, so a new contact may be put there.
        """
        ...

    def keyed(self, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Keyed]:
        """Return the contacts registered before, by (source key, idempotency key)."""
        ...

    def oldest_waiting(self, most: Mapping[str, int]) -> dict[str, list[Contact]]:
        """Return waiting contacts by source, in the order of their places, as they are stored.

        Save what has happened in a dispatch first. A contact that was found before is the same
        object.

        Args:
            most: how many at most, by source key.
        """
        ...

    def waiting_after(self, moment: datetime) -> list[Place]:
        """Return the places of all contacts that wait by a later moment, in their order."""
        ...

    def requeue(self, places: Sequence[Place]) -> None:
        """Give contacts that wait these places; what has happened in a dispatch is saved before."""
        ...

    def remove_closed(self, before: datetime, *, after: ContactId | None, limit: int) -> Purged:
        """Remove contacts closed before a moment, with everything that is stored only about them.

        They are counted as purged; the counters behind the statistics stay.

        Args:
            before: a moment in the past.
            after: where the last call ended; None to begin with the oldest.
            limit: the most closed contacts to look at.
        """
        ...


class ContactReader(Protocol):
    """Reads contacts, decisions and histories."""

    def contact(self, contact_id: ContactId, *, source: str | None = None) -> ContactView:
        """Return a contact, of one source if it is named; raises UnknownContact."""
        ...

    def contacts(
        self,
        where: ContactFilter,
        *,
        limit: int,
        after: ContactId | None,
        oldest_first: bool = False,
    ) -> Page[ContactView]:
        """Return contacts, the newest first or the oldest."""
        ...

    def queue(
        self, source: str | None, *, limit: int, after: ContactId | None = None
    ) -> Page[ContactView]:
        """Return contacts that wait: on one source in the order of their places, on all by id."""
        ...

    def decisions(self, source: str, *, limit: int) -> list[Decision]:
        """Return the latest decisions on a source, in the order in which its contacts came in."""
        ...

    def decision(self, contact_id: ContactId) -> DecisionView:
        """Return why a contact has its operator; raises UnknownContact, NoDecision."""
        ...

    def history(self, contact_id: ContactId, *, source: str | None = None) -> list[Step]:
        """Return what happened to a contact, in order, all of it as of one moment.

        Raises:
            UnknownContact: it does not exist, or not on the source that is named.
        """
        ...
