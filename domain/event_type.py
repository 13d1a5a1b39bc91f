"""The types of events that the world is told of; docs/reference.md says what each contains."""

from enum import StrEnum


class EventType(StrEnum):
    """What can happen."""

    CONTACT_REGISTERED = "contact.registered"
    CONTACT_ASSIGNED = "contact.assigned"
    CONTACT_TRANSFERRED = "contact.transferred"
    CONTACT_CLOSED = "contact.closed"
    CONTACT_ERASED = "contact.erased"
    OPERATOR_CREATED = "operator.created"
    OPERATOR_CHANGED = "operator.changed"
    SOURCE_CREATED = "source.created"
    SOURCE_CHANGED = "source.changed"
    ALLOCATIONS_REPLACED = "allocations.replaced"
    LEAD_CHANGED = "lead.changed"
    ENDPOINT_CREATED = "endpoint.created"
    ENDPOINT_CHANGED = "endpoint.changed"
    ENDPOINT_DISABLED = "endpoint.disabled"
    ENDPOINT_DELETED = "endpoint.deleted"
