"""The use case that the service exists for: register contacts and pick their operators."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from application.ports.contacts import ContactView
from application.ports.failures import StorageUnavailable
from application.ports.leads import IdentityNormaliser
from application.ports.system import Ids
from application.together import carry_out_together
from application.use_case import Batch, Joint, Needs, Order
from domain import limits
from domain.actor import SCRIPT, Actor
from domain.contact import Contact, payload_text
from domain.errors import (
    DomainError,
    Forbidden,
    IdempotencyConflict,
    InvalidIdentity,
    InvalidValue,
    Unreadable,
)
from domain.events import Registered as RegisteredEvent
from domain.ids import ContactId, LeadId, time_of
from domain.lead import Identity, UnreadIdentity

Refused = DomainError | StorageUnavailable


@dataclass(frozen=True, slots=True)
class RegisterContact:
    """A lead wrote through a source.

    Attributes:
        source: the source's key.
        identities: those of the lead, value by kind, as they came. None and a text without visible
            characters are not identities.
        lead_id: the lead, if the caller knows it.
        lead_name: kept if the lead has none yet.
        payload: any JSON object up to 16 KiB; kept and shown, never interpreted.
        idempotency_key: the same key on the same source returns the first contact again.
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


# Made once: making an encoder takes as long as encoding a small payload.
_sorted_json = json.JSONEncoder(sort_keys=True).encode


@dataclass(slots=True)
class Draft:
    """A command whose every value is within its limits and normalised.

    Attributes:
        unread: the identities that could not be read, by kind.
        slot: what is registered at most once: (source key, idempotency key).
    """

    command: RegisterContact
    identities: Sequence[Identity]
    unread: tuple[UnreadIdentity, ...]
    lead_name: str | None
    payload: str | None
    slot: tuple[str, str] | None

    @classmethod
    def of(
        cls, command: RegisterContact, normalise: IdentityNormaliser, actor: Actor = SCRIPT
    ) -> "Draft":
        """Check and normalise every value; raises a DomainError for the first that is wrong."""
        actor.require_source(command.source)
        if command.lead_id is not None and not actor.reads:
            # Otherwise anyone who guesses ids would learn which leads are known.
            raise Forbidden(
                "this key may not read, so it must name the lead by lead.identities.",
                field="lead.id",
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
            *_read(command, normalise),
            None
            if command.lead_name is None
            else limits.short_text(command.lead_name, "lead.name"),
            None if command.payload is None else payload_text(command.payload),
            None if key is None else (command.source, limits.short_text(key, "idempotency_key")),
        )

    def fingerprint(self) -> bytes:
        """Return 32 bytes that differ wherever two commands ask for different things."""
        # The order of keys means nothing in JSON; a retry may come with a different one.
        payload = None if self.payload is None else json.loads(self.payload)
        parts = [
            self.command.source,
            str(self.command.lead_id),
            repr(self.lead_name),
            *sorted(each.key for each in self.identities),
            # No kind begins with a question mark, and without unread identities no byte changes:
            # idempotency keys outlive releases.
            *(f"?{each.kind}:{each.value}" for each in self.unread),
            _sorted_json(payload),
        ]
        return hashlib.sha256("\0".join(parts).encode()).digest()


def _read(
    command: RegisterContact, normalise: IdentityNormaliser
) -> tuple[list[Identity], tuple[UnreadIdentity, ...]]:
    """Return the identities that can be read, and those that cannot.

    Raises:
        InvalidIdentity, InvalidValue: the error of the first, if nothing else names the lead.
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
class RegisterContactHandler(Joint[RegisterContact, Registered]):
    """Registers contacts.

    An actor that may not read names leads by identities and learns nothing about them. An actor
    that is bound to a source adds names and identities only to leads that a contact of that source
    made known: a rogue bot cannot take over anyone else's customers.
    """

    ids: Ids
    normalise: IdentityNormaliser

    def prepare(self, command: RegisterContact, actor: Actor) -> Draft:
        """Check and normalise the values of a command."""
        return Draft.of(command, self.normalise, actor)

    def gather(self, command: Draft, needs: Needs) -> None:
        """Need the source, the leads that may be meant, and the contact that the key stands for."""
        needs.sources.add(command.command.source)
        needs.identities += command.identities
        if command.command.lead_id is not None:
            needs.leads.append(command.command.lead_id)
        if command.slot is not None:
            needs.keys.append(command.slot)

    def decide(self, batch: Batch, command: Draft, actor: Actor) -> Registered:
        """Register one contact, or return the one that its key stands for."""
        batch.dispatch.source(command.command.source)
        return _replay(batch, command, actor) or self._admit(batch, command, actor)

    def _admit(self, batch: Batch, draft: Draft, actor: Actor) -> Registered:
        contact_id = ContactId(self.ids.new())
        recognition = batch.leads.recognise(
            draft.identities,
            new_id=self.ids.new,
            name=draft.lead_name,
            lead_id=draft.command.lead_id,
            room=partial(_room, batch, actor),
        )
        lead = recognition.lead
        if recognition.named:
            batch.named[lead.id] = lead.name
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
        key = None if draft.slot is None else (draft.slot[1], draft.fingerprint())
        learned = recognition.created or recognition.learned or recognition.named
        batch.dispatch.admit(contact, key=key, lesson=recognition if learned else None)
        operator_name = None
        if contact.operator_id is not None:
            operator_name = batch.dispatch.operators[contact.operator_id].name
        else:
            batch.joined_queue(contact)
        view = ContactView.of(contact, lead.name, operator_name, draft.command.payload)
        if draft.slot is not None and key is not None:
            batch.keep(draft.slot, key[1], contact, lead.name)
        return Registered(view.seen_by(actor))


@dataclass(frozen=True, slots=True)
class RegisterContactsHandler:
    """Registers contacts, any number in one transaction."""

    register: RegisterContactHandler

    def __call__(
        self, commands: Sequence[RegisterContact], actor: Actor = SCRIPT
    ) -> list[Registered | Refused]:
        """Register contacts in the order given, all in one transaction.

        Returns:
            A result for every command, in order. A command that is refused has no effect and
            harms no other. If the storage fails on all of them, everything is rolled back and each
            command is tried by itself; if no transaction can even be begun, all have failed.
        """
        orders = [self._order(each, actor) for each in commands]
        outcomes = iter(
            carry_out_together(
                self.register.transactions, [each for each in orders if isinstance(each, Order)]
            )
        )
        results: list[Registered | Refused] = []
        for each in orders:
            result = next(outcomes) if isinstance(each, Order) else each
            if isinstance(result, Exception) and not isinstance(result, Refused):
                raise result
            results.append(result)
        return results

    def _order(self, command: RegisterContact, actor: Actor) -> Order | DomainError:
        try:
            return self.register.order(command, actor)
        except DomainError as refusal:
            return refusal


def _replay(batch: Batch, draft: Draft, actor: Actor) -> Registered | None:
    slot = draft.slot
    known = None if slot is None else batch.keyed.get(slot)
    if known is None:
        return None
    if known.fingerprint != draft.fingerprint():
        raise IdempotencyConflict(
            "this idempotency key was used before with another body; send the same body again, "
            "or a new key for a new contact.",
            field="idempotency_key",
        )
    return Registered(batch.view(known.contact_id).seen_by(actor), replayed=True)


def _room(batch: Batch, actor: Actor, lead_id: LeadId) -> int | None:
    """Return how many more identities an actor may give a lead; None if not even a name."""
    stored = batch.uow.leads.acquaintance(lead_id)
    own = [
        each
        for each in batch.dispatch.events
        if isinstance(each, RegisteredEvent) and each.contact.lead_id == lead_id
    ]
    made_known_by = next(
        (each.contact.source_key for each in own if each.contact.lead_created), stored.source_key
    )
    if actor.source_key is not None and actor.source_key != made_known_by:
        return None
    learned = (each.lesson.learned for each in own if each.lesson is not None)
    return limits.MAX_LEAD_IDENTITIES - stored.identities - sum(map(len, learned))
