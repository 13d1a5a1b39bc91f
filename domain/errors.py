"""Everything that can be wrong with a request, each with a code that never changes."""

from enum import StrEnum
from typing import ClassVar

from domain.ids import LeadId


class Unreadable(StrEnum):
    """Why a value cannot be read as an identity of its kind; stored, so the values never change."""

    NOT_A_PHONE = "not_a_phone"
    EXTENSION = "extension"
    """It names one of several people who share a number."""
    PLACEHOLDER = "placeholder"
    """It is what people type who do not want to give a number."""
    AMBIGUOUS = "ambiguous"
    """It can be read as more than one number."""
    NOT_AN_EMAIL = "not_an_email"
    TOO_LONG = "too_long"
    UNSTORABLE = "unstorable"
    """It holds a NUL character or half of a surrogate pair."""


class DomainError(Exception):
    """A request that the domain refuses; nothing has been changed.

    Args:
        detail: one sentence for a person: what is wrong and what to do.
        field: the dotted path of the wrong field from the request's top (`lead.identities.phone`).
    """

    code: ClassVar[str]

    def __init__(self, detail: str, *, field: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field


class Forbidden(DomainError):
    """The actor is bound to something else, or may not send this."""

    code = "forbidden"


class InvalidValue(DomainError):
    """A value outside its limits."""

    code = "invalid_value"


class InvalidIdentity(DomainError):
    """An identity that cannot be normalised, such as a phone that is not a phone number.

    Args:
        reason: why, in one word; None if not even its kind and value can be told apart.
    """

    code = "invalid_identity"

    def __init__(
        self, detail: str, *, field: str | None = None, reason: Unreadable | None = None
    ) -> None:
        super().__init__(detail, field=field)
        self.reason = reason


class NoIdentity(DomainError):
    """A contact that names its lead neither by id nor by any identity."""

    code = "no_identity"


class DuplicateOperator(DomainError):
    """The same operator is named twice in one set of allocations."""

    code = "duplicate_operator"


class UnknownOperator(DomainError):
    """No operator has this id or key."""

    code = "unknown_operator"


class UnknownSource(DomainError):
    """No source has this key."""

    code = "unknown_source"


class UnknownContact(DomainError):
    """No contact has this id."""

    code = "unknown_contact"


class UnknownLead(DomainError):
    """No lead has this id."""

    code = "unknown_lead"


class UnknownIdentity(DomainError):
    """The lead has no such identity."""

    code = "unknown_identity"


class UnknownKey(DomainError):
    """No API key has this prefix."""

    code = "unknown_key"


class UnknownEndpoint(DomainError):
    """No endpoint has this id."""

    code = "unknown_endpoint"


class NoDecision(DomainError):
    """The contact has not been assigned yet, so there is no decision to show."""

    code = "no_decision"


class SourceExists(DomainError):
    """The key of a new source is taken."""

    code = "source_exists"


class OperatorExists(DomainError):
    """The key of a new operator is taken."""

    code = "operator_exists"


class IdentityTaken(DomainError):
    """The identity belongs to another lead; it is not moved, and no leads are merged.

    Args:
        lead_id: the lead that has it.
    """

    code = "identity_taken"

    def __init__(
        self, detail: str, *, field: str | None = None, lead_id: LeadId | None = None
    ) -> None:
        super().__init__(detail, field=field)
        self.lead_id = lead_id


class EventsGone(DomainError):
    """Events that were asked for are no longer kept, or have never been stored here.

    Args:
        earliest: the number of the first event that is kept; 0 without any.
    """

    code = "events_gone"

    def __init__(self, detail: str, *, field: str | None = None, earliest: int = 0) -> None:
        super().__init__(detail, field=field)
        self.earliest = earliest


class IdempotencyConflict(DomainError):
    """The idempotency key was used before with another body."""

    code = "idempotency_conflict"


class ChangedMeanwhile(DomainError):
    """Somebody else has changed what the caller saw; their change is not overwritten.

    Args:
        current: its current state, as the query for it shows it.
    """

    code = "changed_meanwhile"

    def __init__(self, detail: str, *, field: str | None = None, current: object = None) -> None:
        super().__init__(detail, field=field)
        self.current = current


class OperatorInactive(DomainError):
    """The operator takes no contacts at the moment."""

    code = "operator_inactive"


class OperatorAtCapacity(DomainError):
    """The operator has no free slot."""

    code = "operator_at_capacity"


class ContactClosed(DomainError):
    """The contact is closed; it can no longer change hands."""

    code = "contact_closed"
