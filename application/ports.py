"""The ports: what the use cases need from the world, cut by need.

Writing goes through a unit of work and its repositories, which hand out entities; reading goes
through readers, which hand out views. Whoever implements a port inherits it.
"""

from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self
from uuid import UUID

from application.views import (
    ContactFilter,
    ContactView,
    DecisionView,
    Facts,
    HourSpan,
    LeadExport,
    LeadView,
    OperatorStatistics,
    OperatorView,
    Page,
    ServedSource,
    SourceDistribution,
    SourceView,
    SourceWaits,
)
from application.walks import Passed, Walk
from domain.access import ApiKey
from domain.audit import Action, AuditEntry
from domain.contact import Contact
from domain.decision import Decision
from domain.dispatch import Dispatch
from domain.ids import AuditId, ContactId, LeadId, OperatorId
from domain.lead import Identity, Lead, LeadIndex, Recognition
from domain.operator import Operator
from domain.source import Source


class StorageUnavailable(Exception):
    """The storage cannot be reached or written just now; nothing was changed, try again later."""


class StorageAway(StorageUnavailable):
    """Not even a transaction could be begun."""


class TransactionLost(StorageUnavailable):
    """Nothing was stored, since others were in the way or the connection broke; again may work."""


class OutcomeUnknown(StorageUnavailable):
    """The storage went away while it committed: everything was stored, or nothing."""


class Overloaded(StorageUnavailable):
    """More is waiting to be stored than can be stored soon."""


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the moment, in UTC, to the millisecond."""
        ...


class Ids(Protocol):
    """Makes identifiers."""

    def new(self) -> UUID:
        """Return a UUIDv7 that is greater than every one made before by this process."""
        ...


class IdentityNormaliser(Protocol):
    """Brings every spelling of one identity to the same form."""

    def __call__(self, kind: str, value: str) -> Identity:
        """Normalise; what is normal stays as it is.

        Raises:
            InvalidIdentity: the value is no such identity.
            InvalidValue: the kind is none, or the value is empty or out of its limits.
        """
        ...


class Rolls(Protocol):
    """Draws chance."""

    def __call__(self) -> int:
        """Return a whole number drawn evenly from 0 to `domain.picker.ROLLS` - 1."""
        ...


class Secrets(Protocol):
    """Makes what nobody can guess."""

    def new(self) -> tuple[str, str]:
        """Return a name of ten letters and digits, and a secret of 32 random bytes as text."""
        ...


class Pause(Protocol):
    """Lets others come to the storage between the transactions of long work."""

    def __call__(self) -> None:
        """Wait for a moment."""
        ...


class Operators(Protocol):
    """Operators, for writing."""

    def add(self, operator: Operator) -> None:
        """Store a new operator."""
        ...

    def save(self, operator: Operator) -> None:
        """Store the name, capacity and activity of a known operator; the load is not touched."""
        ...


class Sources(Protocol):
    """Sources with their allocations, for writing."""

    def add(self, source: Source) -> None:
        """Store a new source.

        Raises:
            SourceExists: its key is taken.
        """
        ...

    def save(self, source: Source) -> None:
        """Store the name and the strategy of a known source."""
        ...

    def save_allocations(self, source: Source) -> None:
        """Replace the stored allocations of a known source by those it has now."""
        ...


class Acquaintance(NamedTuple):
    """How a lead came to be known.

    Attributes:
        source_key: of the contact that made it known; None if that has been removed.
        identities: that it has; counted up to the most that it may have.
    """

    source_key: str | None
    identities: int


class Leads(Protocol):
    """Leads with their identities, for writing."""

    def get(self, lead_id: LeadId) -> Lead:
        """Return a lead.

        Raises:
            UnknownLead: it is not there.
        """
        ...

    def view(self, lead_id: LeadId) -> LeadView:
        """Return a lead as this unit of work leaves it: what its caller is answered.

        Raises:
            UnknownLead: it is not there.
        """
        ...

    def index(self, identities: Iterable[Identity], lead_ids: Iterable[LeadId]) -> LeadIndex:
        """Return every lead that has one of these ids or owns one of these identities.

        Those that own other spellings of an identity are among them.
        """
        ...

    def acquaintance(self, lead_id: LeadId) -> Acquaintance:
        """Return how a stored lead came to be known; of one that is not there, nothing is."""
        ...

    def learn(self, lessons: Sequence[Recognition]) -> None:
        """Store new leads, names of leads that had none, and identities that were nobody's."""
        ...

    def save_renamed(self, lead: Lead, previous: str | None) -> None:
        """Store the name that a lead has now, or that it has none; `previous` was its name."""
        ...

    def forget(self, lead_id: LeadId, identity: Identity) -> bool:
        """Remove an identity if it is this lead's; returns whether it was."""
        ...

    def erase(self, lead_id: LeadId) -> bool:
        """Remove a lead's name and identities, and its contacts' payloads and idempotency keys.

        What its contacts came with and could not be read goes, too.

        Returns:
            Whether there was any of that.

        Raises:
            UnknownLead: it is not there.
        """
        ...


class Keyed(NamedTuple):
    """A contact registered before under an idempotency key."""

    fingerprint: bytes
    contact: ContactView


class Purged(NamedTuple):
    """What became of some of the oldest closed contacts.

    Attributes:
        removed: how many of them are gone.
        last: of all that were looked at; None if there are no more to look at.
    """

    removed: int
    last: ContactId | None


class Contacts(Protocol):
    """Contacts with their decisions, for writing."""

    def get(self, contact_id: ContactId) -> Contact:
        """Return a contact.

        Raises:
            UnknownContact: it is not there.
        """
        ...

    def view(self, contact_id: ContactId) -> ContactView:
        """Return a contact as this unit of work leaves it: what its caller is answered.

        Raises:
            UnknownContact: it is not there.
        """
        ...

    def keyed(self, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Keyed]:
        """Return the contacts registered before, by (source key, idempotency key)."""
        ...

    def add(
        self,
        contacts: Sequence[tuple[Contact, Decision | None]],
        keys: Mapping[ContactId, tuple[str, bytes]],
    ) -> None:
        """Store new contacts, none of them closed.

        Args:
            contacts: each with the decision on it, if it is assigned.
            keys: (idempotency key, fingerprint) of those that came with one.
        """
        ...

    def oldest_waiting(self, source_keys: Sequence[str], limit: int) -> list[Contact]:
        """Return waiting contacts of these sources, the oldest first."""
        ...

    def save_handed_out(self, contacts: Sequence[tuple[Contact, Decision]]) -> None:
        """Store that waiting contacts were assigned, and why."""
        ...

    def save_closed(self, contact: Contact) -> None:
        """Store that a contact was closed."""
        ...

    def save_transferred(self, contact: Contact, previous: OperatorId | None, at: datetime) -> None:
        """Store that a contact changed hands, when, and from whom it came."""
        ...

    def remove_closed(self, before: datetime, *, after: ContactId | None, limit: int) -> Purged:
        """Remove contacts closed before a moment, with everything that is stored about them alone.

        They are counted as purged; the counters that statistics come from stay.

        Args:
            before: a moment in the past.
            after: where the last call ended; None to begin with the oldest.
            limit: the most closed contacts to look at.
        """
        ...


class Keys(Protocol):
    """API keys, for writing."""

    def add(self, key: ApiKey) -> None:
        """Store a new key."""
        ...

    def get(self, prefix: str) -> ApiKey:
        """Return a key.

        Raises:
            UnknownKey: it is not there.
        """
        ...

    def save(self, key: ApiKey) -> None:
        """Store that a known key was revoked."""
        ...

    def valid(self, at: datetime) -> int:
        """Return how many keys open something at a moment."""
        ...

    def end_session(self, session_id: str, ends_at: datetime, at: datetime) -> None:
        """Store that a session is over, once, and forget those that would be over by now.

        Args:
            session_id: of the session.
            ends_at: when it would end by itself.
            at: now.
        """
        ...


class Audit(Protocol):
    """The audit log, for writing; what is in it stays as it is."""

    def add(self, entry: AuditEntry) -> None:
        """Add an entry."""
        ...


class Dispatches(Protocol):
    """Dispatches: what a decision is made on."""

    def load(
        self,
        *,
        sources: Iterable[str] = (),
        served_by: Iterable[OperatorId] = (),
        operators: Iterable[OperatorId] = (),
    ) -> Dispatch:
        """Load; what does not exist is missing from the result.

        Args:
            sources: these sources;
            served_by: these operators, and every source on which one of them has an allocation;
            operators: these operators, beside all who are allocated to the sources loaded.
        """
        ...

    def load_to_admit(self, sources: Iterable[str]) -> Dispatch:
        """Load sources in a unit of work that does nothing but admit contacts to them.

        The storage may go on with the dispatch of the unit of work before, if it can be sure that
        it is what it would load.
        """
        ...

    def save(self, dispatch: Dispatch) -> None:
        """Store loads, credits, the lengths of queues and the counters.

        A slot is taken only if the storage, too, finds the operator active and below capacity.
        """
        ...


class UnitOfWork(AbstractContextManager["UnitOfWork"], Protocol):
    """One transaction. A clean exit commits; an exception rolls everything back.

    From its beginning to its end no other unit of work runs on the same storage, in this process
    or any other; so what it reads stays as it is.

    Raises:
        StorageAway: on entering.
        StorageUnavailable: on leaving, and from every repository.
    """

    operators: Operators
    sources: Sources
    leads: Leads
    contacts: Contacts
    dispatches: Dispatches
    keys: Keys
    audit: Audit

    def __enter__(self) -> Self: ...

    def begin_at_once(self) -> bool:
        """Begin if neither that nor anything before the commit has to wait for somebody else.

        Returns:
            Whether it has begun; the block then finds it so. If not, nothing has happened.
        """
        ...

    def commit(self) -> None:
        """Commit before the block ends; nothing may follow in it. May run in another thread."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


UnitOfWorkFactory = Callable[[], UnitOfWork]


class CatalogueReader(Protocol):
    """Reads operators and sources."""

    def operator(self, operator_id: OperatorId) -> OperatorView:
        """Return an operator; raises UnknownOperator."""
        ...

    def operators(
        self, *, active: bool | None, limit: int, after: OperatorId | None
    ) -> Page[OperatorView]:
        """Return operators in the order in which they were created."""
        ...

    def source(self, key: str) -> SourceView:
        """Return a source; raises UnknownSource."""
        ...

    def served_by(self, operator_id: OperatorId) -> list[ServedSource]:
        """Return the sources on which an operator has an allocation, by key; none if unknown."""
        ...

    def sources(self, *, limit: int, after: str | None) -> Page[SourceView]:
        """Return sources in the order of their keys."""
        ...


class ContactReader(Protocol):
    """Reads contacts and decisions."""

    def contact(self, contact_id: ContactId, *, source: str | None = None) -> ContactView:
        """Return a contact, of one source if it is named; raises UnknownContact."""
        ...

    def contacts(
        self, where: ContactFilter, *, limit: int, after: ContactId | None
    ) -> Page[ContactView]:
        """Return contacts, the newest first."""
        ...

    def queue(
        self, source: str | None, *, limit: int, after: ContactId | None = None
    ) -> Page[ContactView]:
        """Return contacts that wait, on one source or on all, the oldest first."""
        ...

    def decisions(self, source: str, *, limit: int) -> list[Decision]:
        """Return the latest decisions on a source, in the order in which its contacts came in."""
        ...

    def decision(self, contact_id: ContactId) -> DecisionView:
        """Return why a contact has its operator; raises UnknownContact, NoDecision."""
        ...


class LeadReader(Protocol):
    """Reads leads."""

    def lead(self, lead_id: LeadId) -> LeadView:
        """Return a lead; raises UnknownLead."""
        ...

    def leads(
        self, *, identity: Identity | None, limit: int, after: LeadId | None
    ) -> Page[LeadView]:
        """Return leads, the newest first.

        Args:
            identity: of its owner alone; of those of its other spellings if it is nobody's.
            limit: the most leads.
            after: the last one of the page before.
        """
        ...

    def export(self, lead_id: LeadId, *, limit: int, after: ContactId | None = None) -> LeadExport:
        """Return what is stored about a person, as of one moment; raises UnknownLead.

        Args:
            lead_id: the person.
            limit: contacts at most.
            after: those that are older than this one.
        """
        ...


class LeadSearch(Protocol):
    """Finds leads by a part of what is known of them.

    Each method but `kinds` goes along an index from `after`, a place where a walk of its own has
    met somebody or stopped; None to begin. It meets `limit` leads at most and passes by those that
    `but` says. However many there are, it stops when it has passed some ten thousand, or has looked
    at a thousand of them.

    Raises:
        InvalidValue: `after` is no such place.
    """

    def kinds(self) -> list[str]:
        """Return the kinds of identities that there are, by name; the first 200 of them."""
        ...

    def by_values(
        self, values: Collection[str], *, after: str | None, limit: int, but: Passed
    ) -> Walk:
        """Meet leads that own an identity with one of these very values, the newest first.

        The kind does not matter, if it is one of `kinds`.
        """
        ...

    def by_phone_tail(self, digits: str, *, after: str | None, limit: int, but: Passed) -> Walk:
        """Meet leads with a phone that ends in these digits, at least four, by their phones."""
        ...

    def by_words(
        self, words: Collection[str], *, after: str | None, limit: int, but: Passed
    ) -> Walk:
        """Meet leads in whose name each of these begins a word.

        The walk goes along the rarest of them, as far as that is seen at a glance: first the names
        that have it as a word, the newest lead first, then those with longer words, by the word.

        The words are as `domain.lead.words_of` gives them; at least one.
        """
        ...

    def by_beginnings(
        self, values: Collection[str], *, after: str | None, limit: int, but: Passed
    ) -> Walk:
        """Meet leads that own an identity whose value begins with one of these, by their keys."""
        ...


class StatisticsReader(Protocol):
    """Reads the counters."""

    def distribution(self, *, source: str | None, span: HourSpan) -> list[SourceDistribution]:
        """Return what happened on one source or on all; raises UnknownSource."""
        ...

    def operators(self) -> list[OperatorStatistics]:
        """Return every operator's load, and the contacts it was given on each source."""
        ...

    def by_hour(self, *, source: str | None, span: HourSpan) -> dict[int, int]:
        """Return how many contacts came in, on one source or on all, by hour since 1970 in UTC.

        Hours without contacts are missing.
        """
        ...

    def registered(self, since: datetime, until: datetime) -> int:
        """Return how many of the contacts that came in from `since` to before `until` are there."""
        ...

    def waits(self, most: Mapping[str, int], *, span: HourSpan, now: datetime) -> list[SourceWaits]:
        """Return how long contacts waited for an operator, those among them that still wait.

        Args:
            most: by source key, how many contacts to look at, the newest of the period.
            span: when they came in.
            now: until when those that wait have waited.
        """
        ...


class KeyReader(Protocol):
    """Reads API keys."""

    def all(self) -> list[ApiKey]:
        """Return every key that was ever made, the newest first."""
        ...

    def ended_sessions(self) -> frozenset[str]:
        """Return the ids of the sessions that somebody has ended and that would go on otherwise."""
        ...


class AuditReader(Protocol):
    """Reads the audit log."""

    def entries(
        self, *, subject: str | None, action: Action | None, limit: int, after: AuditId | None
    ) -> Page[AuditEntry]:
        """Return entries, the newest first."""
        ...


class Changes(Protocol):
    """Tells that something was stored, by this process or by any other."""

    def token(self) -> object:
        """Return what becomes another one with every commit; cheap enough to ask again and again.

        Raises:
            StorageUnavailable: the storage cannot be asked.
        """
        ...


class Auditor(Protocol):
    """Reads everything, as of one moment, to check the invariants."""

    def facts(self) -> AbstractContextManager[Facts]:
        """Open a consistent view of the whole storage."""
        ...

    def defects(self) -> Iterator[str]:
        """Return what the storage itself finds broken, a sentence each."""
        ...


class Health(Protocol):
    """Tells whether the service can work."""

    def ready(self) -> None:
        """Return if the storage can be read and written, and its schema is current.

        Raises:
            StorageUnavailable: it cannot, or is not; the message says why.
        """
        ...

    def readable(self) -> None:
        """Return if the storage can be read, and its schema is current.

        Raises:
            StorageUnavailable: it cannot, or is not; the message says why.
        """
        ...


class Missed(NamedTuple):
    """What was written after the moment of a snapshot.

    Attributes:
        anything: whether there was any writing.
        registered: contacts that were registered.
    """

    anything: bool
    registered: int


class Snapshot(Protocol):
    """Everything stored, as of one moment, for another storage of the same kind."""

    def sizes(self) -> Mapping[str, int]:
        """Return every table with its number of rows; each comes after those it refers to."""
        ...

    def rows(self, table: str) -> Generator[Sequence[Sequence[Any]]]:
        """Yield a table's rows, some at a time, in values that no technology has a hand in.

        Whoever leaves off before the end closes it.
        """
        ...

    def let_go(self) -> None:
        """Keep nothing for that moment any more; no rows can be read afterwards."""
        ...

    def missed(self) -> Missed:
        """Return what was written since; the moment must have been let go."""
        ...


@dataclass(frozen=True, slots=True)
class Storage:
    """Everything that one storage technology provides.

    Attributes:
        migrate: brings the stored schema to this release's, and makes the storage if it is not
            there; raises StorageUnavailable. Nothing else makes one but `restore` and `fill`.
        backup: copies everything into a new file, as of one moment, while others go on.
        restore: makes the storage, which must not be there yet, of such a file. Both raise
            ValueError where that cannot be, and StorageUnavailable; nothing half-done is left.
        snapshot: opens everything as of one moment, while others go on.
        fill: stores all of another storage's snapshot, and tells how many rows that is so far;
            returns every table with its number of rows. The storage is made or migrated if it has
            to be, and must be empty. Both raise the same; nothing half-done is left here either.
        warnings: returns what whoever runs it should know of where it is, a sentence each.
        close: gives back what is held; the storage is of no use afterwards.
    """

    unit_of_work: UnitOfWorkFactory
    catalogue: CatalogueReader
    contacts: ContactReader
    leads: LeadReader
    lead_search: LeadSearch
    statistics: StatisticsReader
    auditor: Auditor
    keys: KeyReader
    audit: AuditReader
    changes: Changes
    health: Health
    migrate: Callable[[], None]
    backup: Callable[[Path], None]
    restore: Callable[[Path], None]
    snapshot: Callable[[], AbstractContextManager[Snapshot]]
    fill: Callable[[Snapshot, Callable[[int], None]], Mapping[str, int]]
    warnings: Callable[[], list[str]]
    close: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Readers:
    """What lists and statistics are read from: the storage, or a replica that follows it.

    Attributes:
        close: gives back what is held; the readers are of no use afterwards.
    """

    catalogue: CatalogueReader
    contacts: ContactReader
    leads: LeadReader
    statistics: StatisticsReader
    audit: AuditReader
    health: Health
    close: Callable[[], None]
