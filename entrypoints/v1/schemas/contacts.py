"""Contacts and decisions in requests and responses."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from application.ports.contacts import DecisionView, Step
from application.ports.operators import OperatorRef
from application.register_contacts import RegisterContact
from domain import limits
from domain.availability import Availability, Obstacle
from domain.contact import ContactState
from domain.errors import Unreadable
from domain.ids import LeadId
from domain.picker import CONTACT
from domain.strategy import Strategy
from entrypoints.edge.problems import Problem
from entrypoints.v1.schemas.common import (
    Body,
    IdentityKind,
    OperatorName,
    Shown,
    SourceKey,
    Text,
)


def _by_kind(schema: dict[str, Any]) -> None:
    """Say the same of an object with names of a pattern in words that generators of clients know.

    From `patternProperties` they make an object without any properties.
    """
    ((kind, value),) = schema.pop("patternProperties").items()
    schema["propertyNames"] = {"pattern": kind}
    schema["additionalProperties"] = value


class NewContactLead(Body):
    """Who wrote: a lead's id, or at least one identity."""

    id: UUID | None = None
    name: Text | None = None
    identities: dict[IdentityKind, str | None] = Field(
        default_factory=dict,
        max_length=limits.MAX_IDENTITIES,
        description="Values by kind. `phone` is normalised to E.164, `email` to lower case; every "
        "other kind is trimmed. `null`, and a text without visible characters, are no identity. "
        f"A value that cannot be read, such as one of more than {limits.MAX_TEXT} characters, is "
        "kept in `lead.unread` of the contact; it is refused only if the lead is named in no other "
        "way.",
        json_schema_extra=_by_kind,
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
    """A batch; each item is a body of POST /v1/contacts and succeeds or fails on its own."""

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
    """A value that came with a contact and could not be read as an identity."""

    kind: str
    value: str = Field(description=f"The first {limits.MAX_TEXT} characters of it.")
    reason: Unreadable


class ContactLeadOut(Shown):
    """The lead of a contact."""

    id: UUID
    name: str | None
    created: bool | None = Field(
        description="Whether this contact created the lead; null for a key that may not read."
    )
    conflicts: list[UUID] = Field(
        description="Other leads that own some of the identities; they are left unchanged."
    )
    unread: list[UnreadIdentityOut] = Field(
        description="Identities that could not be read; no lead is recognised by them."
    )


class ContactOut(Shown):
    """A contact."""

    id: UUID
    state: ContactState
    source: str
    lead: ContactLeadOut
    operator: OperatorRef | None = Field(description="null while it waits.")
    payload: Mapping[str, Any] | None
    created_at: datetime
    assigned_at: datetime | None = Field(
        description="The first assignment, which ended the wait; null before it. A transfer has "
        "its own moment: `at` in the decision's `transfers`."
    )
    closed_at: datetime | None


class RegisteredItemOut(BaseModel):
    """An item of a batch that is a contact: a new one (201), or one registered before (200)."""

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
    """The operator to give the contact to."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"operator_id": "0199d7a4-5f27-7c3b-8c51-2f6d1f0a9b01"}]}
    )

    operator_id: OperatorName


class CandidateOut(BaseModel):
    """An allocated operator as it stood when the contact was assigned."""

    operator: OperatorRef
    weight: int
    active: bool
    load: int
    capacity: int
    credit: float = Field(description="Contacts owed to the operator before this one.")
    eligible: bool
    reason: Obstacle | None = Field(description="Why it was not eligible.")


class TransferOut(Shown):
    """A transfer: a person gave the contact to an operator."""

    at: datetime = Field(description="When; `assigned_at` of the contact stays as it was.")
    previous: OperatorRef | None = Field(description="null if the contact was waiting.")
    operator: OperatorRef


class DecisionOut(BaseModel):
    """Why a contact has its operator."""

    contact_id: UUID
    strategy: Strategy | None = Field(
        description="null if a person gave the contact away while it waited."
    )
    picked: OperatorRef | None
    roll: int | None = Field(description="For `random`: the number drawn, out of 2**53.")
    candidates: list[CandidateOut] = Field(description="In the order in which ties are broken.")
    transfers: list[TransferOut]

    @classmethod
    def of(cls, view: DecisionView) -> "DecisionOut":
        """Show a decision."""
        decision = view.decision
        refs = {
            operator_id: OperatorRef(operator_id, name) for operator_id, name in view.names.items()
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


class HistoryOut(BaseModel):
    """What happened to a contact."""

    items: list[Annotated[Step, Field(discriminator="type")]] = Field(
        description="In the order in which it happened."
    )


class ContactPage(BaseModel):
    """A page of contacts."""

    items: list[ContactOut]
    next_cursor: UUID | None
