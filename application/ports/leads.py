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
    """What is stored about a person, with a stretch of its contacts, the newest first.

    Attributes:
        more: whether older contacts come after the last of these.
    """

    lead: LeadView
    contacts: Sequence[ContactExport]
    more: bool


class IdentityNormaliser(Protocol):
    """Brings every spelling of one identity to the same form."""

    def __call__(self, kind: str, value: str) -> Identity:
        """Normalise; what is normal stays as it is.

        Raises:
            InvalidIdentity: the value is no such identity.
            InvalidValue: the kind is none, or the value is empty or out of its limits.
        """
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
