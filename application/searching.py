"""A query for people: what does an id, an identity or a name belong to?"""

import unicodedata
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple
from uuid import UUID

from application.ports.catalogue import CatalogueReader
from application.ports.contacts import ContactReader, ContactView
from application.ports.leads import IdentityNormaliser, LeadReader, LeadView
from application.ports.operators import OperatorView
from application.ports.search import LeadSearch
from application.ports.walks import Walk, no_place
from domain import limits
from domain.errors import DomainError, UnknownContact, UnknownLead, UnknownOperator
from domain.ids import ContactId, LeadId, OperatorId
from domain.lead import Identity, begin_words, words_of

_MOST: Final = 50
"""Leads on a page."""
_DIGITS: Final = range(4, 16)
"""How many digits count as the end of a phone: fewer match too many, and no phone has more."""
_LEAST: Final = 3
"""The fewest characters by which an identity is found by its beginning."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a text stands for: a contact or an operator by id, and any number of leads.

    Attributes:
        leads: the next 50 at most, those with exactly this identity or id first.
        further: where the search goes on; None if it is at its end.
    """

    leads: Sequence[LeadView] = ()
    contact: ContactView | None = None
    operator: OperatorView | None = None
    further: str | None = None


class _Step(NamedTuple):
    """One way to find leads, and a test for whether it finds a lead."""

    walk: Callable[..., Walk]
    meets: Callable[[LeadView], bool]


@dataclass(frozen=True, slots=True)
class SearchHandler:
    """Finds contacts, operators and leads by id, and leads by identities and by names."""

    contacts: ContactReader
    catalogue: CatalogueReader
    leads: LeadReader
    lead_search: LeadSearch
    normalise: IdentityNormaliser

    def __call__(self, text: str, further: str | None = None) -> Found:
        """Find what a text stands for.

        Leads come in this order: by id, by an identity of exactly this value, by the end of their
        phone, by words of their name, by the beginning of an identity. Each comes only once, even
        over several pages. Each way is a walk of bounded length along an index, so a page can have
        fewer than 50 although there are more.

        Args:
            text: an identity, an id, words of a name or their beginnings, at least the last four
                digits of a phone, or at least the first three characters of an identity.
            further: where an earlier page says that the search goes on.

        Raises:
            InvalidValue: the text is longer than any name or identity, or the search cannot go on
                from `further`.
        """
        text = limits.short_text(text, "q")
        given = _uuid(text)
        first = Found() if given is None or further is not None else self._by_id(given)
        leads, steps = list(first.leads), self._steps(text, given)
        begin, place = (0, None) if further is None else _read(further, steps)
        last = None
        for number, step in enumerate(steps[begin:], begin):
            if step is None:
                continue
            before = partial(_met_before, given, steps[:number])
            walk = step.walk(after=place, limit=_MOST + 1 - len(leads), but=before)
            place = None
            for met in walk.met:
                if len(leads) == _MOST:
                    return Found(leads, first.contact, first.operator, last)
                leads.append(met.lead)
                last = f"{number}{met.place}"
            if walk.stopped is not None:
                last = f"{number}{walk.stopped}"
                return Found(leads, first.contact, first.operator, last)
        return Found(leads, first.contact, first.operator)

    def _steps(self, text: str, given: UUID | None) -> list[_Step | None]:
        """Return every way in its place; None where the text cannot be meant that way."""
        search, digits, words = self.lead_search, _digits(text), sorted(words_of(text))
        values = _values(text, given, self.normalise)
        beginnings = tuple(each for each in _spellings(text) if len(each) >= _LEAST)
        by_value = _Step(
            partial(search.by_values, values),
            lambda lead: any(each.value in values for each in lead.identities),
        )
        by_tail = _Step(
            partial(search.by_phone_tail, digits),
            lambda lead: any(
                each.kind == "phone" and each.value.endswith(digits) for each in lead.identities
            ),
        )
        by_word = _Step(
            partial(search.by_words, words),
            lambda lead: begin_words(words, words_of(lead.name or "")),
        )
        by_beginning = _Step(
            partial(search.by_beginnings, beginnings),
            lambda lead: any(each.value.startswith(beginnings) for each in lead.identities),
        )
        return [
            by_value,
            by_tail if digits else None,
            by_word if words else None,
            by_beginning if beginnings else None,
        ]

    def _by_id(self, given: UUID) -> Found:
        leads, contact, operator = [], None, None
        with suppress(UnknownLead):
            leads = [self.leads.lead(LeadId(given))]
        with suppress(UnknownContact):
            contact = self.contacts.contact(ContactId(given))
        with suppress(UnknownOperator):
            operator = self.catalogue.operator(OperatorId(given))
        return Found(leads, contact, operator)


def _read(further: str, steps: Sequence[_Step | None]) -> tuple[int, str]:
    """Read back where a search goes on: the number of a step, and a place on its walk."""
    number, place = further[:1], limits.storable_text(further[1:], "after")
    if number not in {"0", "1", "2", "3"} or steps[int(number)] is None:
        raise no_place()
    return int(number), place


def _met_before(given: UUID | None, steps: Sequence[_Step | None], lead: LeadView) -> bool:
    return lead.id == given or any(each is not None and each.meets(lead) for each in steps)


def _uuid(text: str) -> UUID | None:
    with suppress(ValueError):
        return UUID(text)
    return None


def _spellings(text: str) -> list[str]:
    """Return a text as it is, in lower case, and without the @ that people put before names."""
    spelt = (text, text.lower())
    return list(dict.fromkeys((*spelt, *(each.removeprefix("@") or each for each in spelt))))


def _values(text: str, given: UUID | None, normalise: IdentityNormaliser) -> list[str]:
    """Return the values under which an identity written this way may be stored."""
    values = _spellings(text)
    kind, colon, value = text.partition(":")
    read = (("phone", text), ("email", text), (kind, value if colon else ""))
    for each in read:
        with suppress(DomainError):
            identity = normalise(*each)
            values += (Identity.from_key(key).value for key in identity.also)
            # Some platforms' ids are numbers without the plus.
            values += [identity.value, identity.value.removeprefix("+")]
    if given is not None:
        spelt = (str(given), given.hex)
        values += [*spelt, *map(str.upper, spelt)]
    return list(dict.fromkeys(values))


def _digits(text: str) -> str:
    """Return the digits of a text of digits and what people put between them; else nothing."""
    if any(each.isalpha() for each in text):
        return ""
    digits = "".join(str(unicodedata.decimal(each)) for each in text if each.isdecimal())
    return digits if len(digits) in _DIGITS else ""
