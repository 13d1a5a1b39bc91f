"""The use case that the service exists for: register contacts and pick their operators."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, TypeVar, overload

from application.ports.contacts import ContactView, Keyed
from application.ports.failures import (
    OutcomeUnknown,
    StorageAway,
    StorageUnavailable,
    TransactionLost,
)
from application.ports.leads import IdentityNormaliser
from application.ports.system import Ids
from application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from domain import limits
from domain.actor import SCRIPT, Actor
from domain.contact import Contact, payload_text
from domain.decision import Decision
from domain.errors import (
    DomainError,
    Forbidden,
    IdempotencyConflict,
    InvalidIdentity,
    InvalidValue,
    Unreadable,
)
from domain.ids import ContactId, LeadId, time_of
from domain.lead import Identity, LeadIndex, Recognition, UnreadIdentity

Refused = DomainError | StorageUnavailable
Answered = TypeVar("Answered")


@dataclass(frozen=True, slots=True)
class RegisterContact:
    """A lead wrote through a source.

    Attributes:
        source: the source's key.
        identities: of the lead, value by kind, as they came. None, and a text in which there is
            nothing to see, are no identity.
        lead_id: the lead, if the caller knows it.
        lead_name: kept if the lead has none yet.
        payload: any JSON object up to 16 KiB; kept and shown, never looked into.
        idempotency_key: the same key again on the same source gives the first contact again.
    """

    source: str
    identities: Mapping[str, str | None] = field(default_factory=dict)
    lead_id: LeadId | None = None
    lead_name: str | None = None
    payload: Mapping[str, Any] | None = None
    idempotency_key: str | None = None


@dataclass(slots=True)
class Registered:
    """A contact, and whether it had been registered before under the same idempotency key."""

    contact: ContactView
    replayed: bool = False


# Made once: to make an encoder takes as long as to encode a small payload.
_sorted_json = json.JSONEncoder(sort_keys=True).encode


@dataclass(slots=True)
class Draft:
    """A command whose every value is within its limits and normalised.

    Attributes:
        actor: who sends it.
        unread: the identities that could not be read, by kind.
        slot: what is registered at most once: (source key, idempotency key).
    """

    command: RegisterContact
    actor: Actor
    identities: Sequence[Identity]
    unread: tuple[UnreadIdentity, ...]
    lead_name: str | None
    payload: str | None
    slot: tuple[str, str] | None

    @classmethod
    def of(
        cls, command: RegisterContact, normalise: IdentityNormaliser, actor: Actor = SCRIPT
    ) -> "Draft":
        """Check and normalise every value; raises the DomainError of the first that is wrong."""
        actor.require_source(command.source)
        if command.lead_id is not None and not actor.reads:
            # Or whoever guesses would be told who is known.
            raise Forbidden(
                "this key may not read, so it names the lead by lead.identities.", field="lead.id"
            )
        if len(command.identities) > limits.MAX_IDENTITIES:
            raise InvalidValue(
                f"a contact has at most {limits.MAX_IDENTITIES} identities.",
                field="lead.identities",
            )
        limits.storable_text(command.source, "source")
        key = command.idempotency_key
        return cls(
            command,
            actor,
            *_read(command, normalise),
            None
            if command.lead_name is None
            else limits.short_text(command.lead_name, "lead.name"),
            None if command.payload is None else payload_text(command.payload),
            None if key is None else (command.source, limits.short_text(key, "idempotency_key")),
        )

    def fingerprint(self) -> bytes:
        """Return 32 bytes that differ wherever two commands ask for different things."""
        # The order of keys means nothing in JSON; a retry may come with another one.
        payload = None if self.payload is None else json.loads(self.payload)
        parts = [
            self.command.source,
            str(self.command.lead_id),
            repr(self.lead_name),
            *sorted(each.key for each in self.identities),
            # No kind begins so, and what is not there changes no byte: keys outlive releases.
            *(f"?{each.kind}:{each.value}" for each in self.unread),
            _sorted_json(payload),
        ]
        return hashlib.sha256("\0".join(parts).encode()).digest()


def _read(
    command: RegisterContact, normalise: IdentityNormaliser
) -> tuple[list[Identity], tuple[UnreadIdentity, ...]]:
    """Return the identities that can be read, and those that cannot.

    Raises:
        InvalidIdentity, InvalidValue: of the first, if the lead is not named in any other way.
    """
    read: list[Identity] = []
    unread: list[UnreadIdentity] = []
    first: DomainError | None = None
    for kind, value in command.identities.items():
        try:
            if value is None:
                limits.identity_kind(kind)
            else:
                read.append(normalise(kind, value))
        except (InvalidIdentity, InvalidValue) as error:
            limits.identity_kind(kind)
            if value is not None and limits.visible(value):
                first = first or error
                unread.append(UnreadIdentity.of(kind, value, _reason(error, value)))
    if first is not None and not read and command.lead_id is None:
        raise first
    return read, tuple(sorted(unread, key=lambda each: each.kind)) if unread else ()


def _reason(error: DomainError, value: str) -> Unreadable:
    if isinstance(error, InvalidIdentity) and error.reason is not None:
        return error.reason
    too_long = len(limits.visible(value)) > limits.MAX_TEXT
    return Unreadable.TOO_LONG if too_long else Unreadable.UNSTORABLE


@dataclass(frozen=True, slots=True)
class RegisterContactsHandler:
    """Registers contacts, any number in one transaction."""

    unit_of_work: UnitOfWorkFactory
    ids: Ids
    normalise: IdentityNormaliser

    def __call__(
        self, commands: Sequence[RegisterContact], actor: Actor = SCRIPT
    ) -> list[Registered | Refused]:
        """Register contacts in the order given, all in one transaction.

        Whoever may not read names leads by identities and learns nothing of them. Whoever is bound
        to a source adds names and identities only to leads that a contact of that source made
        known: a bot that is not what it should be takes nobody else's customers.

        Returns:
            A result for every command, in order. A command that is refused has no effect and
            harms no other. If the storage fails on the lot, everything is rolled back and each
            command is tried by itself; if not even a transaction can be begun, all have failed.
        """
        return self.store(self.draft(commands, actor))

    def store(self, drafts: Sequence[Draft | DomainError]) -> list[Registered | Refused]:
        """Register contacts in a transaction of their own; see `__call__`."""
        refused = [each for each in drafts if isinstance(each, DomainError)]
        if len(refused) == len(drafts):
            return [*refused]
        try:
            with self.unit_of_work() as uow:
                return self.within(uow, drafts)
        except StorageUnavailable as failure:
            return self.after(failure, drafts)

    def draft(self, commands: Sequence[RegisterContact], actor: Actor) -> list[Draft | DomainError]:
        """Check and normalise the values of commands; needs no storage."""
        return [self._draft(command, actor) for command in commands]

    def within(
        self, uow: UnitOfWork, drafts: Sequence[Draft | DomainError]
    ) -> list[Registered | Refused]:
        """Register contacts in a transaction that the caller has begun and will commit.

        Raises:
            StorageUnavailable: the transaction is to be rolled back.
        """
        batch = _Batch(uow, [each for each in drafts if isinstance(each, Draft)])
        results: list[Registered | Refused] = [
            each if isinstance(each, DomainError) else batch.register(each, self.ids)
            for each in drafts
        ]
        batch.save()
        return results

    def after(
        self, failure: StorageUnavailable, drafts: Sequence[Draft | DomainError]
    ) -> list[Registered | Refused]:
        """Go on after a transaction of these failed: each one by itself, if that may help.

        What could not even begin a transaction has waited for its turn already; a hundred
        commands that wait one after the other would keep everybody for as many time-outs. What
        may have been stored would be stored twice. What failed alone would fail again, unless it
        was not to blame.
        """
        hopeless = isinstance(failure, StorageAway | OutcomeUnknown) or (
            len(drafts) == 1 and not isinstance(failure, TransactionLost)
        )
        results: list[Registered | Refused] = []
        for each in drafts:
            if isinstance(each, DomainError):
                results.append(each)
            elif hopeless:
                results.append(failure)
            else:
                try:
                    with self.unit_of_work() as uow:
                        (result,) = self.within(uow, [each])
                except StorageUnavailable as another:
                    result = failure = another
                    hopeless = isinstance(failure, StorageAway | OutcomeUnknown)
                # Only now: what was registered and could not be committed was not registered.
                results.append(result)
        return results

    def _draft(self, command: RegisterContact, actor: Actor) -> Draft | DomainError:
        try:
            return Draft.of(command, self.normalise, actor)
        except DomainError as refusal:
            return refusal


class Intake(Protocol):
    """A port: takes registrations that come one by one, and registers together what comes together.

    It belongs to one event loop.
    """

    @overload
    def submit(self, command: RegisterContact, actor: Actor) -> Awaitable[Registered]: ...

    @overload
    def submit(
        self, command: RegisterContact, actor: Actor, answer: Callable[[Registered], Answered]
    ) -> Awaitable[Answered]: ...

    def submit(
        self, command: RegisterContact, actor: Actor, answer: Callable[[Registered], Any] = ...
    ) -> Awaitable[Any]:
        """Put a command into the queue; it is carried out even if nobody awaits the result.

        Args:
            command: what to register.
            actor: who sends it.
            answer: makes of the result what is to be awaited, as a rule while the transaction is
                on its way to the disk, when there is time; nobody has it before it is there. It
                may be called for nothing, and again, if the transaction fails.

        Raises:
            Overloaded: the queue is full; the command was not taken.

        Raises, when awaited:
            DomainError: the command is refused.
            StorageUnavailable: nothing was registered.
        """
        ...

    async def close(self) -> None:
        """Finish what was submitted."""
        ...


class _Batch:
    """The commands of one transaction: loaded together, decided one by one, stored together."""

    def __init__(self, uow: UnitOfWork, drafts: Sequence[Draft]) -> None:
        self._uow = uow
        self._dispatch = uow.dispatches.load_to_admit({each.command.source for each in drafts})
        slots = [each.slot for each in drafts if each.slot is not None]
        self._keyed: dict[tuple[str, str], Keyed] = dict(uow.contacts.keyed(slots)) if slots else {}
        self._leads: LeadIndex = uow.leads.index(
            [identity for each in drafts for identity in each.identities],
            [each.command.lead_id for each in drafts if each.command.lead_id is not None],
        )
        self._contacts: list[tuple[Contact, Decision | None]] = []
        self._lessons: list[Recognition] = []
        self._keys: dict[ContactId, tuple[str, bytes]] = {}

    def register(self, draft: Draft, ids: Ids) -> Registered | DomainError:
        """Register one contact, or answer with the one that its key stands for."""
        try:
            self._dispatch.source(draft.command.source)
            return self._replay(draft) or self._admit(draft, ids)
        except DomainError as refusal:
            return refusal

    def save(self) -> None:
        """Store what was registered."""
        if self._contacts:
            self._uow.leads.learn(self._lessons)
            self._uow.contacts.add(self._contacts, self._keys)
            self._uow.dispatches.save(self._dispatch)

    def _replay(self, draft: Draft) -> Registered | None:
        slot = draft.slot
        known = None if slot is None else self._keyed.get(slot)
        if known is None:
            return None
        if known.fingerprint != draft.fingerprint():
            raise IdempotencyConflict(
                "this idempotency key came before with another body; send the same body again, "
                "or a new key for a new contact.",
                field="idempotency_key",
            )
        return Registered(known.contact.seen_by(draft.actor), replayed=True)

    def _admit(self, draft: Draft, ids: Ids) -> Registered:
        contact_id = ContactId(ids.new())
        recognition = self._leads.recognise(
            draft.identities,
            new_id=ids.new,
            name=draft.lead_name,
            lead_id=draft.command.lead_id,
            room=partial(self._room, draft.actor),
        )
        lead = recognition.lead
        if recognition.created or recognition.learned or recognition.named:
            self._lessons.append(recognition)
        contact = Contact(
            contact_id,
            draft.command.source,
            lead.id,
            time_of(contact_id),
            draft.payload,
            recognition.created,
            recognition.conflicts,
            draft.unread,
        )
        decision = self._dispatch.admit(contact)
        self._contacts.append((contact, decision))
        operator_name = None
        if contact.operator_id is not None:
            operator_name = self._dispatch.operators[contact.operator_id].name
        view = ContactView.of(contact, lead.name, operator_name, draft.command.payload)
        if draft.slot is not None:
            fingerprint = draft.fingerprint()
            self._keys[contact_id] = (draft.slot[1], fingerprint)
            self._keyed[draft.slot] = Keyed(fingerprint, view)
        return Registered(view.seen_by(draft.actor))

    def _room(self, actor: Actor, lead_id: LeadId) -> int | None:
        """Return how many identities more an actor may give a lead; None if not even a name."""
        stored = self._uow.leads.acquaintance(lead_id)
        made_known_by = next(
            (
                contact.source_key
                for contact, _ in self._contacts
                if contact.lead_created and contact.lead_id == lead_id
            ),
            stored.source_key,
        )
        if actor.source_key is not None and actor.source_key != made_known_by:
            return None
        learned = (each.learned for each in self._lessons if each.lead.id == lead_id)
        return limits.MAX_LEAD_IDENTITIES - stored.identities - sum(map(len, learned))
