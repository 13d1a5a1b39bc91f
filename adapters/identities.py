"""Identities in one spelling: phones by libphonenumber, emails by email-validator."""

from dataclasses import dataclass

from adapters.emails import read_email
from adapters.phones import other_spellings, plain_phone, read_phone
from application.ports.leads import IdentityNormaliser
from domain import limits
from domain.lead import Identity


@dataclass(frozen=True, slots=True)
class LibraryIdentityNormaliser(IdentityNormaliser):
    """Normalises `phone` to E.164 and `email` to lower case.

    Every other kind loses its invisible characters and surrounding white space.

    Attributes:
        region: ISO 3166 code of the country assumed for a phone number without a country code.
    """

    region: str

    def __call__(self, kind: str, value: str) -> Identity:
        if kind == "phone":
            if not plain_phone(value):
                value = read_phone(_visible(value, kind), self.region)
            return Identity(kind, value, _keys(other_spellings(value)))
        if kind == "email":
            return Identity(kind, read_email(_visible(value, kind)))
        seen = limits.visible(value)
        return Identity(kind, seen, () if seen == value else _as_before(kind, value, seen))


def _visible(value: str, kind: str) -> str:
    return limits.short_text(limits.visible(value), f"lead.identities.{kind}")


def _keys(phones: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"phone:{each}" for each in phones) if phones else ()


def _as_before(kind: str, value: str, seen: str) -> tuple[str, ...]:
    """Return the key that a value had when its invisible characters were still part of it."""
    trimmed = value.strip()
    return (f"{kind}:{trimmed}",) if trimmed != seen and len(trimmed) <= limits.MAX_TEXT else ()
