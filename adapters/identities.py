"""Identities in one spelling: phones by libphonenumber, emails by email-validator."""

from dataclasses import dataclass
from functools import lru_cache

import email_validator
import phonenumbers

from application.ports import IdentityNormaliser
from domain import limits
from domain.errors import InvalidIdentity
from domain.lead import Identity


@dataclass(frozen=True, slots=True)
class LibraryIdentityNormaliser(IdentityNormaliser):
    """Normalises `phone` to E.164 and `email` to lower case; every other kind is trimmed.

    Attributes:
        region: ISO 3166 code of the country that a phone number without a country code is of.
    """

    region: str

    def __call__(self, kind: str, value: str) -> Identity:
        if kind == "phone":
            value = _phone(_text(value, kind), self.region, _field(kind))
        elif kind == "email":
            value = _email(_text(value, kind), _field(kind))
        return Identity(kind, value.strip())


def _field(kind: str) -> str:
    return f"lead.identities.{kind}"


def _text(value: str, kind: str) -> str:
    return limits.short_text(value, _field(kind))


@lru_cache(maxsize=10_000)
def _phone(value: str, region: str, field: str) -> str:
    """Return E.164. Cached: parsing takes longer than the rest of a registration's checks."""
    found = _e164(value, region)
    # What one reading leaves another may shorten (+55 0 0... loses a zero each time); only a number
    # that stays what it is can be found again.
    if found is None or _e164(found, region) != found:
        raise InvalidIdentity(
            f"{value!r} is not a phone number; write it with its country code, "
            "such as +79161234567.",
            field=field,
        )
    return found


def _e164(value: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return None
    # Possible, not valid: numbering plans change faster than any library's tables, and a customer
    # must not be turned away for having a new number. Not possible within a town only, either:
    # there is one in every town, and they would become one lead.
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _email(value: str, field: str) -> str:
    try:
        return email_validator.validate_email(value, check_deliverability=False).normalized.lower()
    except email_validator.EmailNotValidError as error:
        raise InvalidIdentity(f"{value!r} is not an email address: {error}", field=field) from error
