"""Words of the domain as people read them; `N_` marks them for translation."""

from typing import Final

from application.auditing import COMMAND, LOCAL, SCRIPT
from domain.access import Role
from domain.audit import Action
from domain.contact import ContactState
from domain.decision import Refusal
from domain.picker import Strategy


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
REFUSALS: Final = {
    None: N_("eligible"),
    Refusal.INACTIVE: N_("paused"),
    Refusal.AT_CAPACITY: N_("at capacity"),
    Refusal.ZERO_WEIGHT: N_("weight 0"),
}
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
    Action.KEY_CREATED: N_("key made"),
    Action.KEY_REVOKED: N_("key revoked"),
}
ACTORS: Final = {
    LOCAL: N_("somebody on this machine"),
    COMMAND: N_("the command line"),
    SCRIPT: N_("a program"),
}
"""Who acted without a key."""
KINDS: Final = {
    "phone": N_("phone"),
    "email": N_("email"),
    "telegram": "Telegram",
    "whatsapp": "WhatsApp",
    "vk": "VK",
    "external_id": N_("external id"),
}
"""Identities that the form offers; any other kind is shown by its own name."""

SAID: Final = {
    "saved": N_("Saved."),
    "closed": N_("The contact is closed."),
    "transferred": N_("The contact has changed hands."),
    "paused": N_("The operator is paused: no new contacts."),
    "resumed": N_("The operator takes contacts again."),
    "registered": N_("Registered. This is what happened and why."),
    "signed-in": N_("You are signed in."),
    "identity-added": N_("The identity is added."),
    "identity-known": N_("The person has this identity already."),
    "identity-removed": N_("The identity is removed."),
    "demo": N_("Two days of demo data are here."),
}
"""What a page says after a change, by the word in its address."""

PROBLEMS: Final = {
    "invalid_identity": N_("This is no phone number or email address that can be used."),
    "no_identity": N_("Name the lead by an identity, such as a phone or an email."),
    "unknown_operator": N_("There is no such operator."),
    "unknown_source": N_("There is no such source."),
    "unknown_contact": N_("There is no such contact."),
    "unknown_lead": N_("There is no such lead."),
    "unknown_identity": N_("The person has no such identity."),
    "identity_taken": N_("Another person has this identity; it stays there until it is removed:"),
    "invalid_value": N_("A value is out of its limits."),
    "source_exists": N_("A source with this key is there already."),
    "operator_inactive": N_("This operator is paused; resume it or choose another."),
    "operator_at_capacity": N_(
        "This operator is at capacity; close a contact, raise the capacity or choose another."
    ),
    "contact_closed": N_("The contact is closed already."),
    "changed_meanwhile": N_("Somebody else has changed this meanwhile."),
    "duplicate_operator": N_("An operator is named twice."),
    "forbidden": N_("Your key does not permit this."),
}
"""What is said of a refusal, by its code; of others their own words are shown."""

VALUES: Final = {
    "name": N_("A name has 200 characters at most."),
    "value": N_("An identity has 1 to 200 characters."),
    "kind": N_("Choose one of the list."),
}
"""What is said of a value that is out of its limits, by its field."""

FOREIGN: Final = N_("This form came from another site; open the page here and send it again.")
WRONG_KEY: Final = N_("This key opens nothing: it is mistyped, has expired or was revoked.")
TOO_OFTEN: Final = N_("Too many keys were tried from your address; wait for a minute.")
