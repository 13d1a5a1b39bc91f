"""A query of people: whatever they have in their hands, what is it of?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from application.ports import CatalogueReader, ContactReader, IdentityNormaliser, LeadReader
from application.views import ContactView, LeadView, OperatorView
from domain import limits
from domain.errors import DomainError, UnknownContact, UnknownLead, UnknownOperator
from domain.ids import ContactId, LeadId, OperatorId
from domain.lead import words_of

_MOST: Final = 50
_MOST_WORDS: Final = 5
"""The longest that many words of a text are looked for; each takes a look-up."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a text stands for: a contact or an operator by id, or any number of leads."""

    leads: Sequence[LeadView] = ()
    contact: ContactView | None = None
    operator: OperatorView | None = None


@dataclass(frozen=True, slots=True)
class SearchHandler:
    """Finds contacts, operators and leads by id, and leads by identity or by name."""

    contacts: ContactReader
    catalogue: CatalogueReader
    leads: LeadReader
    normalise: IdentityNormaliser

    def __call__(self, text: str) -> Found:
        """Find what a text stands for; every look-up goes by an index.

        Raises:
            InvalidValue: the text is longer than any name or identity.
        """
        text = limits.short_text(text, "q")
        try:
            return self._by_id(UUID(text))
        except ValueError:
            leads = {
                lead.id: lead
                for value in self._spellings(text)
                for lead in self.leads.leads_by_value(value, limit=_MOST)
            }
        if not leads:
            words = sorted(words_of(text), key=len, reverse=True)[:_MOST_WORDS]
            if words:
                found = self.leads.leads_by_words(words, limit=_MOST)
                leads.update((lead.id, lead) for lead in found)
        return Found(list(leads.values())[:_MOST])

    def _spellings(self, text: str) -> list[str]:
        """Return a text as it is, and as the phone number or email address that it may be."""
        spellings = [text]
        for kind in ("phone", "email"):
            try:
                spellings.append(self.normalise(kind, text).value)
            except DomainError:
                continue
        return list(dict.fromkeys(spellings))

    def _by_id(self, given: UUID) -> Found:
        try:
            return Found(contact=self.contacts.contact(ContactId(given)))
        except UnknownContact:
            pass
        try:
            return Found([self.leads.lead(LeadId(given))])
        except UnknownLead:
            pass
        try:
            return Found(operator=self.catalogue.operator(OperatorId(given)))
        except UnknownOperator:
            return Found()
