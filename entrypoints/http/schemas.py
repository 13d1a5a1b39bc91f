"""The schemas of v1: what goes in and what comes out, with the limits of the domain."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    MISSING,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
    WithJsonSchema,
)

from application.keys import CreatedKey
from application.ports.contacts import ContactExport, DecisionView
from application.ports.keys import KeyView
from application.ports.statistics import OperatorStatistics
from application.register_contacts import RegisterContact
from domain import limits
from domain.access import ApiKey, Role
from domain.audit import Action
from domain.availability import Availability, Obstacle
from domain.contact import ContactState
from domain.errors import Unreadable
from domain.ids import LeadId
from domain.picker import CONTACT
from domain.strategy import Strategy
from entrypoints.http.pages import Moment
from entrypoints.http.problems import Problem

# The domain trims and counts once more; these stand in the OpenAPI document.
Text = Annotated[
    str,
    StringConstraints(min_length=1, max_length=limits.MAX_TEXT, strip_whitespace=True),
    # What is more than white space. JavaScript's regular expressions, which a document's are, count
    # less as white space than is trimmed.
    Field(json_schema_extra={"pattern": r"[^\s\u001c-\u001f\u0085]"}),
]
SourceKey = Annotated[str, Field(pattern=limits.SOURCE_KEY, examples=["telegram-sales"])]
IdentityKind = Annotated[str, Field(pattern=limits.IDENTITY_KIND)]
Capacity = Annotated[
    StrictInt, Field(ge=0, le=limits.MAX_CAPACITY, description="The most open contacts at once.")
]
Weight = Annotated[StrictInt, Field(ge=0, le=limits.MAX_WEIGHT)]


class Body(BaseModel):
    """A body that comes in; a field that nobody knows is refused."""

    model_config = ConfigDict(extra="forbid")


class Shown(BaseModel):
    """A body that goes out, filled from a view."""

    model_config = ConfigDict(from_attributes=True)


class NewOperator(Body):
    """An operator to create."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Anna", "capacity": 5}]})

    name: Text
    capacity: Capacity
    active: StrictBool = True


class OperatorChange(Body):
    """What to change; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"active": False}]})

    name: Text | MISSING = MISSING
    capacity: Capacity | MISSING = MISSING
    active: StrictBool | MISSING = MISSING


class OperatorOut(Shown):
    """An operator."""

    id: UUID
    name: str
    active: bool
    capacity: int
    load: int = Field(description="Assigned contacts that are not closed.")
    created_at: datetime


class OperatorRefOut(Shown):
    """An operator by id and name."""

    id: UUID
    name: str


class NewSource(Body):
    """A source to create."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"key": "telegram-sales", "name": "Telegram, sales"}]}
    )

    key: SourceKey
    name: Text | None = None
    strategy: Strategy = Strategy.EXACT


class SourceChange(Body):
    """What to change; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"strategy": "random"}]})

    name: Text | MISSING = MISSING
    strategy: Strategy | MISSING = MISSING


class NewAllocation(Body):
    """An operator's weight."""

    operator_id: UUID
    weight: Weight


class NewAllocations(Body):
    """The whole set of a source's allocations."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "allocations": [
                        {"operator_id": "0199d7a4-5f27-7c3b-8c51-2f6d1f0a9b01", "weight": 10},
                        {"operator_id": "0199d7a4-5f31-7d02-a1d4-93c0b7e52c02", "weight": 30},
                    ]
                }
            ]
        }
    )

    allocations: list[NewAllocation] = Field(max_length=limits.MAX_ALLOCATIONS)


class NewWeight(Body):
    """One operator's weight; 0 keeps it on the source and sends it nothing."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"weight": 20}]})

    weight: Weight


class AllocationOut(Shown):
    """An operator's weight, and its share of all weights of the source."""

    operator_id: UUID
    name: str
    weight: int
    share: float = Field(ge=0, le=1)


class SourceOut(Shown):
    """A source."""

    key: str
    name: str
    strategy: Strategy
    waiting: int = Field(description="Contacts that wait for an operator.")
    allocations: list[AllocationOut]
    created_at: datetime


class NewContactLead(Body):
    """Who wrote: a lead's id, or at least one identity."""

    id: UUID | None = None
    name: Text | None = None
    identities: dict[IdentityKind, str | None] = Field(
        default_factory=dict,
        max_length=limits.MAX_IDENTITIES,
        description="Value by kind. `phone` is brought to E.164, `email` to lower case; every "
        "other kind is trimmed. `null`, and a text in which there is nothing to see, are no "
        "identity. What cannot be read, such as a value of more than "
        f"{limits.MAX_TEXT} characters, is kept as `lead.unread` of the contact; it is refused "
        "only if the lead is named in no other way.",
        json_schema_extra={"additionalProperties": False},
    )


class NewContact(Body):
    """A contact to register."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "source": "telegram-sales",
                    "lead": {"name": "Ivan", "identities": {"phone": "+7 916 123-45-67"}},
                    "payload": {"text": "Is it in stock?"},
                }
            ]
        }
    )

    source: SourceKey
    lead: NewContactLead
    payload: dict[str, Any] | None = Field(
        default=None, description="Any JSON object up to 16 KiB; kept and shown as it is."
    )
    idempotency_key: Text | None = None

    def command(self) -> RegisterContact:
        """Return the command that this body stands for."""
        return RegisterContact(
            self.source,
            self.lead.identities,
            None if self.lead.id is None else LeadId(self.lead.id),
            self.lead.name,
            self.payload,
            self.idempotency_key,
        )


class NewContacts(Body):
    """A batch; each item is a body of POST /v1/contacts and stands or falls by itself."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "contacts": [
                        {
                            "source": "telegram-sales",
                            "lead": {"identities": {"telegram": "ivan77"}},
                            "idempotency_key": "message-1",
                        },
                        {
                            "source": "telegram-sales",
                            "lead": {"identities": {"phone": "+7 916 123-45-67"}},
                        },
                    ]
                }
            ]
        }
    )

    contacts: list[Annotated[Any, WithJsonSchema({"$ref": "#/components/schemas/NewContact"})]] = (
        Field(min_length=1, max_length=1000)
    )


class UnreadIdentityOut(Shown):
    """A value that a contact came with, and that could not be read as an identity."""

    kind: str
    value: str = Field(description=f"The first {limits.MAX_TEXT} characters of it.")
    reason: Unreadable


class ContactLeadOut(Shown):
    """The lead of a contact."""

    id: UUID
    name: str | None
    created: bool | None = Field(
        description="This contact made the lead known; null for a key that may not read."
    )
    conflicts: list[UUID] = Field(
        description="Other leads that own some of the identities; nothing of theirs is touched."
    )
    unread: list[UnreadIdentityOut] = Field(
        description="Identities that could not be read; nobody is recognised by them."
    )


class ContactOut(Shown):
    """A contact."""

    id: UUID
    state: ContactState
    source: str
    lead: ContactLeadOut
    operator: OperatorRefOut | None = Field(description="null while it waits.")
    payload: Mapping[str, Any] | None
    created_at: datetime
    assigned_at: datetime | None = Field(
        description="The first assignment, which ended the wait; null before it. A transfer has a "
        "moment of its own, `at` among the decision's `transfers`."
    )
    closed_at: datetime | None


class RegisteredItemOut(BaseModel):
    """An item of a batch that is a contact: a new one (201), or one from before (200)."""

    status: int
    contact: ContactOut


class RefusedItemOut(BaseModel):
    """An item of a batch that was refused, with the status it would have had by itself."""

    status: int
    error: Problem


class BatchOut(BaseModel):
    """A result for every item, in order."""

    results: list[RegisteredItemOut | RefusedItemOut]


class NewTransfer(Body):
    """To whom."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"operator_id": "0199d7a4-5f27-7c3b-8c51-2f6d1f0a9b01"}]}
    )

    operator_id: UUID


class CandidateOut(BaseModel):
    """An allocated operator as it stood when the contact was assigned."""

    operator: OperatorRefOut
    weight: int
    active: bool
    load: int
    capacity: int
    credit: float = Field(description="Contacts owed to the operator before this one.")
    eligible: bool
    reason: Obstacle | None = Field(description="Why it was not eligible.")


class TransferOut(Shown):
    """A person gave the contact to an operator."""

    at: datetime = Field(description="When; `assigned_at` of the contact stays as it was.")
    previous: OperatorRefOut | None = Field(description="null if the contact was waiting.")
    operator: OperatorRefOut


class DecisionOut(BaseModel):
    """Why a contact has its operator."""

    contact_id: UUID
    strategy: Strategy | None = Field(description="null if a person gave it away while it waited.")
    picked: OperatorRefOut | None
    roll: int | None = Field(description="For `random`: the number drawn, of 2**53.")
    candidates: list[CandidateOut] = Field(
        description="In the order in which a tie between equals is broken."
    )
    transfers: list[TransferOut]

    @classmethod
    def of(cls, view: DecisionView) -> "DecisionOut":
        """Show a decision."""
        decision = view.decision
        refs = {
            operator_id: OperatorRefOut(id=operator_id, name=name)
            for operator_id, name in view.names.items()
        }
        return cls(
            contact_id=view.contact_id,
            strategy=decision.strategy if decision else None,
            picked=refs[decision.picked] if decision else None,
            roll=decision.roll if decision else None,
            candidates=[
                CandidateOut(
                    operator=refs[each.operator_id],
                    weight=each.weight,
                    active=each.availability is Availability.AVAILABLE,
                    load=each.load,
                    capacity=each.capacity,
                    credit=each.credit / CONTACT,
                    eligible=each.obstacle is None,
                    reason=each.obstacle,
                )
                for each in (decision.candidates if decision else [])
            ],
            transfers=[TransferOut.model_validate(each) for each in view.transfers],
        )


class LeadChange(Body):
    """What to correct."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Ivan Petrov"}]})

    name: Text | None = Field(
        description="null removes it; then the name that comes next with a contact is kept."
    )


class NewIdentity(Body):
    """One more way to know a lead."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"kind": "phone", "value": "+7 916 123-45-67"}]}
    )

    kind: IdentityKind
    value: Text = Field(description="In any spelling.")


class IdentityOut(Shown):
    """One way to know a lead."""

    kind: str
    value: str


class LeadOut(Shown):
    """A lead."""

    id: UUID
    name: str | None
    identities: list[IdentityOut]
    created_at: datetime


class LeadWithContactsOut(LeadOut):
    """A lead with its contacts, the newest first."""

    contacts: list[ContactOut]
    next_cursor: UUID | None = Field(
        description="For GET /v1/contacts?lead_id=...&cursor=..., if there are more contacts."
    )


class ExportedContactOut(ContactOut):
    """A contact with all that is stored about it; why it has its operator is its decision."""

    idempotency_key: str | None
    transfers: list[TransferOut]

    @classmethod
    def of(cls, view: ContactExport) -> "ExportedContactOut":
        """Show a contact."""
        return cls(
            **ContactOut.model_validate(view.contact).model_dump(),
            idempotency_key=view.idempotency_key,
            transfers=[TransferOut.model_validate(each) for each in view.transfers],
        )


class LeadExportOut(LeadOut):
    """Everything stored about a person: the lead with all its contacts, the newest first."""

    contacts: list[ExportedContactOut]


class OperatorPage(BaseModel):
    """A page of operators."""

    items: list[OperatorOut]
    next_cursor: UUID | None


class SourcePage(BaseModel):
    """A page of sources."""

    items: list[SourceOut]
    next_cursor: str | None


class ContactPage(BaseModel):
    """A page of contacts."""

    items: list[ContactOut]
    next_cursor: UUID | None


class LeadPage(BaseModel):
    """A page of leads."""

    items: list[LeadOut]
    next_cursor: UUID | None


class OperatorShareOut(Shown):
    """What an operator should get of a source, and what it got."""

    operator: OperatorRefOut
    weight: int
    target_share: float
    contacts: int
    actual_share: float | None


class SourceDistributionOut(Shown):
    """What happened on one source."""

    source: str
    total: int = Field(description="Contacts that came in during the period.")
    waiting: int = Field(description="Contacts that wait now.")
    operators: list[OperatorShareOut]


class DistributionOut(BaseModel):
    """What happened, by source; the period is that of whole hours."""

    since: datetime | None
    until: datetime | None
    sources: list[SourceDistributionOut]


class OperatorStatisticsOut(BaseModel):
    """An operator's load, and the contacts that pickers gave it, by source."""

    operator: OperatorRefOut
    active: bool
    load: int
    capacity: int
    utilisation: float | None = Field(description="load / capacity; null if the capacity is 0.")
    contacts: dict[str, int]

    @classmethod
    def of(cls, view: OperatorStatistics) -> "OperatorStatisticsOut":
        """Show an operator's statistics."""
        operator = view.operator
        return cls(
            operator=OperatorRefOut(id=operator.id, name=operator.name),
            active=operator.active,
            load=operator.load,
            capacity=operator.capacity,
            utilisation=view.utilisation,
            contacts=dict(view.contacts),
        )


class OperatorsStatisticsOut(BaseModel):
    """Every operator's statistics."""

    items: list[OperatorStatisticsOut]


class NewKey(Body):
    """A key to make."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"role": "intake", "source": "telegram-sales"}]}
    )

    role: Role
    name: Text | None = Field(default=None, description="Whose it is, for people.")
    source: SourceKey | None = Field(
        default=None, description="The one source that an `intake` key registers contacts of."
    )
    expires_at: Moment | None = None


class KeyOut(Shown):
    """A key as it is known: nothing here opens anything."""

    prefix: str
    role: Role
    name: str | None
    source: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class CreatedKeyOut(KeyOut):
    """A key that was just made."""

    key: str = Field(description="Keep it: it is shown here and never again.")

    @classmethod
    def of(cls, made: CreatedKey) -> "CreatedKeyOut":
        """Show a key, this once with what opens."""
        shown = KeyOut.model_validate(made.key).model_dump()
        return cls(**shown, key=made.secret)


class KeysOut(BaseModel):
    """A page of keys."""

    items: list[KeyOut]
    next_cursor: str | None

    @classmethod
    def of(cls, keys: Sequence[ApiKey], limit: int) -> "KeysOut":
        """Show as many keys as a page has; those that come after it tell that there are more."""
        shown = [KeyOut.model_validate(KeyView.of(each)) for each in keys[:limit]]
        return cls(items=shown, next_cursor=shown[-1].prefix if len(keys) > limit else None)


class AuditEntryOut(Shown):
    """An entry of the audit log."""

    id: UUID
    at: datetime
    actor: str = Field(
        description="The prefix of an API key; `local` while no key had been made; `command` for "
        "the command line; `script` for a program that holds Fairlead in itself."
    )
    action: Action
    subject: str = Field(
        description="An id, the key of a source or the prefix of an API key; of a purge the moment "
        "before which contacts were closed."
    )
    before: dict[str, Any] | None = Field(
        description="Of a change the values that differ, as they were."
    )
    after: dict[str, Any] | None = Field(
        description="The same as they are now; all of what is new."
    )


class AuditPage(BaseModel):
    """Entries of the audit log."""

    items: list[AuditEntryOut]
    next_cursor: UUID | None
