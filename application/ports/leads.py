"""Leads and their identities, for writing and for reading, and what queries show of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from application.ports.contacts import ContactExport
from application.ports.paging import Page
from domain.ids import ContactId, LeadId
from domain.lead import Identity, Lead, LeadIndex, Recognition


@dataclass(frozen=True, slots=True)
class LeadView:
    """A lead with its identities, in the order of their keys."""

    id: LeadId
    name: str | None
    identities: Sequence[Identity]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class LeadExport:
    """What is stored about a person, with some of its contacts, the newest first.

    Attributes:
        more: whether older contacts come after the last of these.
    """

    lead: LeadView
    contacts: Sequence[ContactExport]
    more: bool


class IdentityNormaliser(Protocol):
    """Brings every spelling of one identity to the same form."""

    def __call__(self, kind: str, value: str) -> Identity:
        """Normalise; a value that is already normalised stays as it is.

        Raises:
            InvalidIdentity: the value is no such identity.
            InvalidValue: the kind is not a valid one, or the value is empty or outside its limits.
        """
        ...


class Acquaintance(NamedTuple):
    """How a lead came to be known.

    Attributes:
        source_key: that of the contact that made it known; None if the contact has been removed.
        identities: how many it has, counted up to the most that it may have.
    """

    source_key: str | None
    identities: int


class Leads(Protocol):
    """Leads with their identities, for writing."""

    def get(self, lead_id: LeadId) -> Lead:
        """Return a lead.

        Raises:
            UnknownLead: it does not exist.
        """
        ...

    def view(self, lead_id: LeadId) -> LeadView:
        """Return a lead as this unit of work leaves it, for the answer to the caller.

        Raises:
            UnknownLead: it does not exist.
        """
        ...

    def index(self, identities: Iterable[Identity], lead_ids: Iterable[LeadId]) -> LeadIndex:
        """Return every lead that has one of these ids or owns one of these identities.

        Leads that own other spellings of an identity are included.
        """
        ...

    def acquaintance(self, lead_id: LeadId) -> Acquaintance:
        """Return how a stored lead came to be known; None and 0 for a lead that does not exist."""
        ...

    def learn(self, lessons: Sequence[Recognition]) -> None:
        """Store new leads, names of leads that had none, and identities that no lead had."""
        ...

    def save_renamed(self, lead: Lead, previous: str | None) -> None:
        """Store the name that a lead has now, or that it has none; `previous` was its name."""
        ...

    def forget(self, lead_id: LeadId, identity: Identity) -> bool:
        """Remove an identity if it is this lead's; return whether it was."""
        ...

    def erase(self, lead_id: LeadId) -> bool:
        """Remove a lead's name and identities, and its contacts' payloads and idempotency keys.

        What came with its contacts and could not be read is removed, too.

        Returns:
            Whether there was anything to remove.

        Raises:
            UnknownLead: it does not exist.
        """
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
            identity: only its owner; the owners of its other spellings if no lead owns it.
            limit: the most leads.
            after: the last lead of the previous page.
        """
        ...

    def export(self, lead_id: LeadId, *, limit: int, after: ContactId | None = None) -> LeadExport:
        """Return what is stored about a person, as of one moment; raises UnknownLead.

        Args:
            lead_id: the person.
            limit: the most contacts.
            after: only contacts older than this one.
        """
        ...
