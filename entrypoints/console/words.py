"""Words of the domain as people read them; `N_` marks them for translation."""

from collections.abc import Mapping
from typing import Final

from domain.access import Role
from domain.actor import COMMAND, LOCAL, SCRIPT, TIMER
from domain.audit import Action
from domain.availability import Obstacle
from domain.contact import ContactState
from domain.errors import Unreadable
from domain.event_type import EventType
from domain.strategy import Strategy


def N_(message: str) -> str:  # noqa: N802 -- gettext's own name, which extractors look for
    """Mark a message that is translated where it is shown."""
    return message


STATES: Final = {
    ContactState.WAITING: N_("waiting"),
    ContactState.ASSIGNED: N_("assigned"),
    ContactState.CLOSED: N_("closed"),
}
STRATEGIES: Final = {
    Strategy.EXACT: N_("exact: within one contact of the shares, always"),
    Strategy.RANDOM: N_("random: each contact by chance"),
}
OBSTACLES: Final = {
    None: N_("eligible"),
    Obstacle.INACTIVE: N_("paused"),
    Obstacle.AT_CAPACITY: N_("at capacity"),
    Obstacle.ZERO_WEIGHT: N_("weight 0"),
}
UNREADABLE: Final = {
    Unreadable.NOT_A_PHONE: N_("not a phone number"),
    Unreadable.EXTENSION: N_("an extension: several people share this number"),
    Unreadable.PLACEHOLDER: N_("made up: many people type this number"),
    Unreadable.AMBIGUOUS: N_("may be more than one number: the country code is missing"),
    Unreadable.NOT_AN_EMAIL: N_("not an email address"),
    Unreadable.TOO_LONG: N_("too long"),
    Unreadable.UNSTORABLE: N_("damaged"),
}
"""Why an identity that a contact came with could not be read."""
ROLES: Final = {
    Role.ADMIN: N_("administrator"),
    Role.SUPERVISOR: N_("supervisor"),
    Role.VIEWER: N_("viewer"),
    Role.INTAKE: N_("intake"),
}
ACTIONS: Final = {
    Action.OPERATOR_CREATED: N_("operator added"),
    Action.OPERATOR_CHANGED: N_("operator changed"),
    Action.SOURCE_CREATED: N_("source added"),
    Action.SOURCE_CHANGED: N_("source changed"),
    Action.ALLOCATIONS_REPLACED: N_("weights changed"),
    Action.CONTACT_TRANSFERRED: N_("contact transferred"),
    Action.LEAD_RENAMED: N_("name corrected"),
    Action.IDENTITY_ADDED: N_("identity added"),
    Action.IDENTITY_REMOVED: N_("identity removed"),
    Action.LEAD_ERASED: N_("person erased"),
    Action.CONTACTS_PURGED: N_("old contacts removed"),
    Action.ENDPOINT_CREATED: N_("endpoint added"),
    Action.ENDPOINT_CHANGED: N_("endpoint changed"),
    Action.ENDPOINT_ROTATED: N_("secret of an endpoint renewed"),
    Action.ENDPOINT_ENABLED: N_("endpoint enabled"),
    Action.ENDPOINT_DISABLED: N_("endpoint disabled"),
    Action.ENDPOINT_REDELIVERED: N_("events delivered again"),
    Action.ENDPOINT_DELETED: N_("endpoint deleted"),
    Action.KEY_CREATED: N_("key created"),
    Action.KEY_REVOKED: N_("key revoked"),
}
ACTORS: Final = {
    LOCAL.name: N_("somebody on this machine"),
    COMMAND.name: N_("the command line"),
    SCRIPT.name: N_("a program"),
    TIMER.name: N_("the service itself"),
}
"""Who acted without a key."""
SUBJECTS: Final = {
    "contact": N_("contact"),
    "operator": N_("operator"),
    "source": N_("source"),
    "lead": N_("person"),
    "endpoint": N_("endpoint"),
}
"""What an event happened to."""
EVENTS: Final[Mapping[str, Mapping[EventType, str]]] = {
    N_("Contacts"): {
        EventType.CONTACT_REGISTERED: N_("registered"),
        EventType.CONTACT_ASSIGNED: N_("assigned"),
        EventType.CONTACT_TRANSFERRED: N_("transferred"),
        EventType.CONTACT_CLOSED: N_("closed"),
        EventType.CONTACT_ERASED: N_("person erased"),
    },
    N_("Operators"): {
        EventType.OPERATOR_CREATED: N_("operator added"),
        EventType.OPERATOR_CHANGED: N_("operator changed"),
    },
    N_("Sources"): {
        EventType.SOURCE_CREATED: N_("source added"),
        EventType.SOURCE_CHANGED: N_("source changed"),
        EventType.ALLOCATIONS_REPLACED: N_("weights changed"),
    },
    N_("People"): {EventType.LEAD_CHANGED: N_("name or identities corrected")},
    N_("Endpoints"): {
        EventType.ENDPOINT_CREATED: N_("endpoint added"),
        EventType.ENDPOINT_CHANGED: N_("endpoint changed"),
        EventType.ENDPOINT_DISABLED: N_("endpoint disabled"),
        EventType.ENDPOINT_DELETED: N_("endpoint deleted"),
    },
}
"""What an endpoint can be told, in groups."""
KINDS: Final = {
    "phone": N_("phone"),
    "email": N_("email"),
    "telegram": "Telegram",
    "whatsapp": "WhatsApp",
    "vk": "VK",
    "external_id": N_("external id"),
}
"""Kinds of identity that the form offers; any other kind is shown by its own name."""

SAID: Final = {
    "added": N_("Added: %(name)s."),
    "saved": N_("Saved: %(name)s."),
    "unchanged": N_("Nothing to change: %(name)s."),
    "weighed": N_("The weights of %(name)s are changed."),
    "reweighed": N_("The weights are changed."),
    "unweighed": N_("There was nothing to change."),
    "paused": N_("%(name)s is paused: no new contacts."),
    "resumed": N_("%(name)s takes contacts again."),
    "closed": N_("Closed: %(lead)s."),
    "transferred": N_("Transferred to %(operator)s: %(lead)s."),
    "registered": N_("Registered. This is what happened and why."),
    "signed-in": N_("You are signed in."),
    "renamed": N_("The name is saved."),
    "identity-added": N_("The identity is added."),
    "identity-known": N_("The person already has this identity."),
    "identity-removed": N_("The identity is removed."),
    "demo": N_("Two days of demo data are loaded."),
    "endpoint-saved": N_("Saved: %(name)s."),
    "endpoint-unchanged": N_("Nothing to change: %(name)s."),
    "endpoint-enabled": N_("%(name)s gets events again."),
    "endpoint-deleted": N_("The endpoint is deleted."),
    "redelivering": N_("Events that were given up are delivered again."),
}
"""What a page says after a change, by the word in its address; see `entrypoints.console.saying`."""

NO_NAME: Final = N_("no name")

PROBLEMS: Final = {
    # Refused by the domain.
    "invalid_value": N_("This value cannot be used."),
    "invalid_identity": N_("This is not a phone number or email address that can be used."),
    "no_identity": N_("Enter an identity of the lead, such as a phone or an email."),
    "unknown_operator": N_("There is no such operator."),
    "unknown_source": N_("There is no such source."),
    "unknown_contact": N_("There is no such contact."),
    "unknown_lead": N_("There is no such lead."),
    "unknown_identity": N_("The person has no such identity."),
    "identity_taken": N_("Another person has this identity and keeps it until it is removed:"),
    "events_gone": N_("These events are no longer kept."),
    "unknown_key": N_("There is no such key."),
    "unknown_endpoint": N_("There is no such endpoint."),
    "no_decision": N_("The contact has not been assigned yet."),
    "operator_exists": N_("An operator with this key already exists."),
    "source_exists": N_("A source with this key already exists."),
    "idempotency_conflict": N_("This was sent before with different content."),
    "operator_inactive": N_("This operator is paused; resume it or choose another."),
    "operator_at_capacity": N_(
        "This operator is at capacity; close a contact, raise the capacity or choose another."
    ),
    "contact_closed": N_("The contact is already closed."),
    "changed_meanwhile": N_(
        "Somebody else has changed this meanwhile. Your changes are not saved yet: see what it is "
        "now, and decide."
    ),
    "duplicate_operator": N_("An operator is named twice."),
    # Refused before the domain saw it.
    "unauthenticated": N_("Sign in first."),
    "forbidden": N_("Your key does not permit this."),
    "protected_mode": N_(
        "No API key has been made yet, so only this machine is served. Make one with the command "
        "fairlead keys create --role admin where the service runs, and sign in with it."
    ),
    "malformed_json": N_("The form did not arrive complete; send it again."),
    "unsupported_media_type": N_("This is not a form of this page; load it again."),
    "body_too_large": N_("This form is too long; send less at a time."),
    "request_timeout": N_("The form did not arrive in time; send it again."),
    "rate_limited": N_("Your key has made too many calls; wait a moment."),
    "headers_too_large": N_("Your browser sends too much with each request; remove its cookies."),
    "validation_failed": N_("This value cannot be used."),
    "not_found": N_("There is nothing at this address."),
    "method_not_allowed": N_("There is nothing at this address."),
    # Not the reader's fault.
    "storage_unavailable": N_(
        "The database is unavailable. Nothing was changed; try again in a moment."
    ),
    "overloaded": N_(
        "More contacts are coming in than can be stored right now; try again in a moment."
    ),
    "outcome_unknown": N_(
        "The database went away: either all of it was stored, or nothing. Look before you try "
        "again."
    ),
    "internal_error": N_("The service has a defect; its log says where."),
}
"""What the console says of a refusal, by its code."""

VALUES: Final = {
    "name": N_("Enter a name of 1 to 200 characters."),
    "capacity": N_("Enter a whole number from 0 to 1,000,000."),
    "weight": N_("Enter a whole number from 0 to 1,000,000."),
    "allocations": N_("A source has at most 1,000 operators."),
    "key": N_("Enter 1 to 64 of the characters a-z 0-9 . _ - and begin with a letter or a digit."),
    "strategy": N_("Choose one from the list."),
    "operator": N_("Choose an operator."),
    "action": N_("Choose one from the list."),
    "subject": N_("Enter an id, or the key of a source."),
    "form": N_("This is not a form of this page; load it again."),
    "q": N_("Enter 1 to 200 characters to search for."),
    "payload": N_("This message is too long, or holds a character that cannot be stored."),
    "value": N_("Enter 1 to 200 characters."),
    "kind": N_("Choose one from the list."),
    "lead.name": N_("Enter a name of 1 to 200 characters."),
    "lead.identities": N_("Enter 1 to 200 characters."),
    "url": N_("Enter a whole URL such as https://example.com/hooks."),
    "description": N_("Enter 1 to 200 characters."),
    "sources": N_(
        "An endpoint can name at most 1,000 sources; with none, it gets the events of all."
    ),
}
"""What the console says of a value that cannot be used, by the field that it is for."""

NOW: Final = N_("Now: %(value)s")
"""What is shown at a field if somebody else has changed its value since the form was shown."""
MOVED: Final = N_(
    "Meanwhile this contact has gone to %(operator)s. Do it again if you still want to."
)

ADDED_ALREADY: Final = N_(
    "An endpoint with this URL was added after this form was shown; it is in the list above. Send "
    "the form again if you want another one."
)
"""What is said if the form of a new endpoint comes twice: a browser that reloads sends it again."""
ROTATED_ALREADY: Final = N_(
    "A new secret was made after this page was loaded. Do it again if you want another one."
)
GONE_MEANWHILE: Final = N_(
    "Some of the events that it has missed are no longer kept. Enable it from now, and let the "
    "receiver read again what it follows."
)
NOTHING_GIVEN_UP: Final = N_(
    "There is nothing to deliver again: the endpoint no longer wants these events, or somebody has "
    "just had them delivered again."
)

FOREIGN: Final = N_("This form came from another site; open the page here and send it again.")
NOWHERE: Final = PROBLEMS["not_found"]
WRONG_KEY: Final = N_("This key does not work: it is mistyped, has expired or was revoked.")
TOO_OFTEN: Final = N_("Too many keys were tried from your address; wait a minute.")
