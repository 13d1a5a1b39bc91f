"""Leads and their identities in requests and responses."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from application.ports.contacts import ContactExport
from entrypoints.v1.schemas.common import Body, IdentityKind, Shown, Text
from entrypoints.v1.schemas.contacts import ContactOut, TransferOut


class LeadChange(Body):
    """What to correct."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Ivan Petrov"}]})

    name: Text | None = Field(
        description="null removes it; then the next name that comes with a contact is kept."
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
    """A contact with all that is stored about it, except its decision."""

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


class LeadPage(BaseModel):
    """A page of leads."""

    items: list[LeadOut]
    next_cursor: UUID | None
