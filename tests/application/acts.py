"""Shorthand for what people do."""

from application.contacts import CloseContact, TransferContact
from application.operators import UpdateOperator
from application.ports.contacts import ContactView
from application.ports.operators import OperatorView
from tests.support import World


def close(world: World, contact: ContactView) -> ContactView:
    return world.fairlead.close_contact(CloseContact(contact.id))


def transfer(world: World, contact: ContactView, operator: OperatorView) -> ContactView:
    return world.fairlead.transfer_contact(TransferContact(contact.id, operator.id))


def update(
    world: World,
    operator: OperatorView,
    *,
    name: str | None = None,
    capacity: int | None = None,
    active: bool | None = None,
) -> OperatorView:
    return world.fairlead.update_operator(
        UpdateOperator(operator.id, name=name, capacity=capacity, active=active)
    )


def now(world: World, contact: ContactView) -> ContactView:
    """The contact as it is now."""
    return world.fairlead.contacts.contact(contact.id)


def holder(world: World, contact: ContactView) -> str | None:
    """The name of the operator who has the contact."""
    operator = now(world, contact).operator
    return operator.name if operator else None
