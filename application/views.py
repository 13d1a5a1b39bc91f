"""What queries return: small facts that nobody changes, never entities.

They are frozen, except for those of which every registration makes one: to make a frozen object
takes three times as long.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from statistics import median, quantiles
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from domain.access import ApiKey, Role
from domain.actor import Actor
from domain.contact import Contact, ContactState
from domain.decision import Decision
from domain.errors import ChangedMeanwhile
from domain.ids import ContactId, LeadId, OperatorId
from domain.lead import Identity, UnreadIdentity
from domain.operator import Operator
from domain.picker import Strategy
from domain.source import Source

View = TypeVar("View")


@dataclass(frozen=True, slots=True)
class Page(Generic[View]):
    """A stretch of a list. `more` tells whether anything comes after its last item."""

    items: Sequence[View]
    more: bool


def _version_of(*values: object) -> str:
    return blake2b(repr(values).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


Expected = str | frozenset[str] | None
"""The version that a caller saw, or several of which any will do; None if all will."""


def require_version(current: "OperatorView | SourceView | ContactView", expected: Expected) -> None:
    """Refuse to change what is no longer what the caller saw.

    Args:
        current: what it is, as the transaction found it.
        expected: what the caller saw; nothing is in an empty set.

    Raises:
        ChangedMeanwhile: it is another one.
    """
    if expected is None:
        return
    if current.version not in (expected if isinstance(expected, frozenset) else {expected}):
        raise ChangedMeanwhile(
            "somebody else has changed it meanwhile; look at what it is now, and change that.",
            current=current,
        )


@dataclass(frozen=True, slots=True)
class OperatorView:
    """An operator; see `domain.operator.Operator`."""

    id: OperatorId
    name: str
    active: bool
    capacity: int
    load: int
    created_at: datetime

    @property
    def version(self) -> str:
        """What becomes another one when somebody changes the operator; its load does not count."""
        return _version_of(self.name, self.active, self.capacity)

    @classmethod
    def of(cls, operator: Operator) -> "OperatorView":
        """Show an operator as it stands."""
        return cls(
            operator.id,
            operator.name,
            operator.active,
            operator.capacity,
            operator.load,
            operator.created_at,
        )


@dataclass(frozen=True, slots=True)
class KeyView:
    """An API key; see `domain.access.ApiKey`. Nothing here opens anything."""

    prefix: str
    role: Role
    name: str | None
    source: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey) -> "KeyView":
        """Show a key as it stands."""
        return cls(
            key.prefix,
            key.role,
            key.name,
            key.source_key,
            key.created_at,
            key.expires_at,
            key.revoked_at,
        )


@dataclass(slots=True)
class OperatorRef:
    """An operator by id and name."""

    id: OperatorId
    name: str


@dataclass(frozen=True, slots=True)
class AllocationView:
    """An operator's weight on a source, and its share of all weights there, 0 to 1."""

    operator_id: OperatorId
    name: str
    weight: int
    share: float


@dataclass(frozen=True, slots=True)
class SourceView:
    """A source with its allocations in the order of operator ids."""

    key: str
    name: str
    strategy: Strategy
    waiting: int
    allocations: Sequence[AllocationView]
    created_at: datetime

    @property
    def version(self) -> str:
        """What becomes another one when somebody changes the source or its weights.

        Its queue, its credits and its operators' names do not count.
        """
        weights = [(str(each.operator_id), each.weight) for each in self.allocations]
        return _version_of(self.name, self.strategy.value, weights)

    @classmethod
    def of(cls, source: Source, names: Mapping[OperatorId, str]) -> "SourceView":
        """Show a source as it stands."""
        weights = [(each.operator_id, each.weight) for each in source.allocations]
        return cls(
            source.key,
            source.name,
            source.strategy,
            source.waiting,
            allocation_views(weights, names),
            source.created_at,
        )


def allocation_views(
    weights: Sequence[tuple[OperatorId, int]], names: Mapping[OperatorId, str]
) -> list[AllocationView]:
    """Show allocations, each with its target share; all shares are 0 if all weights are."""
    total = sum(weight for _, weight in weights) or 1
    return [
        AllocationView(operator_id, names[operator_id], weight, weight / total)
        for operator_id, weight in weights
    ]


@dataclass(frozen=True, slots=True)
class ServedSource:
    """A source on which an operator has an allocation: its weight and share there."""

    key: str
    name: str
    weight: int
    share: float


@dataclass(slots=True)
class ContactLead:
    """The lead of a contact, and how the contact came to be its.

    Attributes:
        created: the contact made the lead known; None if whoever asks may not know.
        conflicts: other leads that own some of the identities that the contact came with.
        unread: what it came with as identities and could not be read as such, by kind.
    """

    id: LeadId
    name: str | None
    created: bool | None
    conflicts: tuple[LeadId, ...]
    # Tuples, not any sequence: of those pydantic makes JSON by a call of Python each, 0.8 us.
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
        """What becomes another one when the contact changes hands or its state."""
        return _version_of(
            self.state.value, None if self.operator is None else str(self.operator.id)
        )

    def seen_by(self, actor: Actor) -> "ContactView":
        """Show as much as an actor may know.

        Whoever may not read learns nothing of a person that it has not said itself: neither the
        stored name nor whether the person was known, and by what.
        """
        if actor.reads:
            return self
        # Bots' keys may not read, so that every registration comes through here: `replace` would
        # take 4 us, and this takes 1.
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
        states: contacts in one of these; in any if there are none.
    """

    source: str | None = None
    operator_id: OperatorId | None = None
    lead_id: LeadId | None = None
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
        decision: what the picker saw and did; None if the contact was given away by hand while
            it waited.
        names: of every candidate.
        transfers: what people did since, in the order in which it happened.
    """

    contact_id: ContactId
    decision: Decision | None
    names: Mapping[OperatorId, str]
    transfers: Sequence[Transfer]


@dataclass(frozen=True, slots=True)
class LeadView:
    """A lead with its identities, in the order of their keys."""

    id: LeadId
    name: str | None
    identities: Sequence[Identity]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ContactExport:
    """A contact with all that is stored about it but the reason for its assignment."""

    contact: ContactView
    idempotency_key: str | None
    transfers: Sequence[Transfer]


@dataclass(frozen=True, slots=True)
class LeadExport:
    """What is stored about a person, with a stretch of its contacts, the newest first.

    Attributes:
        more: whether older contacts come after the last of these.
    """

    lead: LeadView
    contacts: Sequence[ContactExport]
    more: bool


@dataclass(frozen=True, slots=True)
class HourSpan:
    """A period of whole hours, counted since 1970 in UTC; `until` is exclusive, None is open."""

    since: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class OperatorShare:
    """An operator on one source: what it should get and what it got.

    Attributes:
        weight: now; 0 for an operator that is no longer allocated.
        target_share: weight / sum of weights, 0 to 1.
        contacts: how many the picker gave it; a transfer changes nothing here.
        actual_share: of all that the picker gave away, 0 to 1; None if that is nothing.
    """

    operator: OperatorRef
    weight: int
    target_share: float
    contacts: int
    actual_share: float | None


@dataclass(frozen=True, slots=True)
class SourceDistribution:
    """What happened on one source.

    Attributes:
        total: contacts that came in during the period.
        waiting: contacts that wait now, whatever the period.
    """

    source: str
    total: int
    waiting: int
    operators: Sequence[OperatorShare]


def source_distribution(
    source: SourceView,
    total: int,
    contacts: Mapping[OperatorId, int],
    names: Mapping[OperatorId, str],
) -> SourceDistribution:
    """Set what happened beside what should have.

    Args:
        source: as it stands.
        total: contacts that came in.
        contacts: given by the picker, by operator.
        names: of every operator in `contacts` or allocated.
    """
    given = sum(contacts.values())
    allocated = {each.operator_id: each for each in source.allocations}
    rows = []
    for operator_id in sorted(allocated.keys() | contacts.keys()):
        allocation = allocated.get(operator_id)
        got = contacts.get(operator_id, 0)
        rows.append(
            OperatorShare(
                OperatorRef(operator_id, names[operator_id]),
                allocation.weight if allocation else 0,
                allocation.share if allocation else 0.0,
                got,
                got / given if given else None,
            )
        )
    return SourceDistribution(source.key, total, source.waiting, rows)


@dataclass(frozen=True, slots=True)
class SourceWaits:
    """How long contacts of one source waited for their first operator.

    Attributes:
        seconds: of each contact looked at, the shortest first. One that was closed before anybody
            got it waited until then; one that waits has waited until now.
        waiting: how many of them wait.
        whole: they are all that came in during the period; else its newest.
    """

    source: str
    seconds: Sequence[float]
    waiting: int
    whole: bool

    @property
    def median(self) -> float:
        """Seconds that half of them waited at most; needs one contact at least."""
        return median(self.seconds)

    @property
    def ninth(self) -> float:
        """Seconds that nine of ten waited at most; needs one contact at least."""
        if len(self.seconds) == 1:
            return self.seconds[0]
        return quantiles(self.seconds, n=10, method="inclusive")[-1]


@dataclass(frozen=True, slots=True)
class OperatorStatistics:
    """An operator's load now, and the contacts that pickers gave it since ever.

    Attributes:
        utilisation: load / capacity; None if the capacity is 0.
        contacts: by source key.
    """

    operator: OperatorView
    utilisation: float | None
    contacts: Mapping[str, int]


class ContactFact(NamedTuple):
    """One contact as the checker sees it."""

    id: ContactId
    source: str
    state: ContactState
    operator_id: OperatorId | None
    assigned_at: datetime | None
    closed_at: datetime | None
    decision: Decision | None
    transferred_to: OperatorId | None


class Facts(Protocol):
    """Everything stored, as of one moment, streamed."""

    def operators(self) -> Iterable[Operator]:
        """Return every operator."""
        ...

    def sources(self) -> Iterable[Source]:
        """Return every source with its allocations."""
        ...

    def contacts(self) -> Iterator[ContactFact]:
        """Return every contact."""
        ...

    def registered(self) -> Iterable[Mapping[str, int]]:
        """Return the counters of contacts that came in, by source key, in each way of counting."""
        ...

    def assigned(self) -> Iterable[Mapping[tuple[str, OperatorId], int]]:
        """Return the counters of contacts that pickers gave, by source key and operator, so too."""
        ...

    def purged_registered(self) -> Mapping[str, int]:
        """Return how many contacts were purged, by source key."""
        ...

    def purged_assigned(self) -> Mapping[tuple[str, OperatorId], int]:
        """Return how many of them pickers had given, by source key and operator."""
        ...

    def identities(self) -> Iterator[tuple[str, LeadId, bool]]:
        """Return every identity's key with its lead, and whether that lead exists, by key."""
        ...
