"""Use cases on one contact: show it, close it, transfer it."""

from dataclasses import dataclass, replace

from application.auditing import Recorder
from application.ports.contacts import ContactReader, ContactView
from application.ports.system import Clock
from application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from application.ports.versions import require_version
from application.waiting import hand_out_waiting
from domain.actor import SCRIPT, Actor
from domain.audit import Action, Values
from domain.contact import Contact, ContactState
from domain.dispatch import Dispatch
from domain.errors import UnknownContact
from domain.ids import ContactId, OperatorId


@dataclass(frozen=True, slots=True)
class ShowContact:
    """Somebody asks for a contact by its id."""

    contact_id: ContactId


@dataclass(frozen=True, slots=True)
class ShowContactHandler:
    """Shows a contact, as much of it as whoever asks may see."""

    contacts: ContactReader

    def __call__(self, query: ShowContact, actor: Actor = SCRIPT) -> ContactView:
        """Show a contact.

        Whoever may not read is told of the lead nothing but its id: what could not be read of its
        identities may be what another program sent.

        Raises:
            UnknownContact: it is not there, or not on the source that the actor is bound to.
        """
        view = self.contacts.contact(query.contact_id, source=actor.source_key).seen_by(actor)
        return view if actor.reads else replace(view, lead=replace(view.lead, unread=()))


@dataclass(frozen=True, slots=True)
class CloseContact:
    """The conversation is over.

    Attributes:
        expected: the version that the caller saw, see `ContactView.version`; None if any will do.
    """

    contact_id: ContactId
    expected: str | None = None


@dataclass(frozen=True, slots=True)
class CloseContactHandler:
    """Closes contacts, and hands out what waited for the slot."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    def __call__(self, command: CloseContact, actor: Actor = SCRIPT) -> ContactView:
        """Close a contact; one that is closed stays as it is.

        Raises:
            UnknownContact: it is not there.
            ChangedMeanwhile: it is open, and not what the caller saw.
        """
        with self.unit_of_work() as uow:
            contact, dispatch = _load(uow, actor, command.contact_id)
            if contact.state is not ContactState.CLOSED:
                _require_version(uow, contact, command.expected)
                now = self.clock.now()
                dispatch.close(contact, now)
                uow.contacts.save_closed(contact)
                hand_out_waiting(uow, dispatch, now)
                uow.dispatches.save(dispatch)
            return uow.contacts.view(command.contact_id)


@dataclass(frozen=True, slots=True)
class TransferContact:
    """A person gives an open contact to an operator, whatever the weights say.

    Attributes:
        expected: the version that the caller saw, see `ContactView.version`; None if any will do.
    """

    contact_id: ContactId
    operator_id: OperatorId
    expected: str | None = None


@dataclass(frozen=True, slots=True)
class TransferContactHandler:
    """Transfers contacts, and hands out what waited for the slot that this frees."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    record: Recorder

    def __call__(self, command: TransferContact, actor: Actor = SCRIPT) -> ContactView:
        """Transfer a contact; to the operator who has it, that changes nothing.

        Raises:
            UnknownContact, UnknownOperator: something named is not there.
            ContactClosed: it is too late.
            ChangedMeanwhile: the contact is not what the caller saw.
            OperatorInactive, OperatorAtCapacity: the operator cannot take it.
        """
        with self.unit_of_work() as uow:
            contact, dispatch = _load(uow, actor, command.contact_id, command.operator_id)
            contact.require_open()
            previous = contact.operator_id
            if previous != dispatch.operator(command.operator_id).id:
                _require_version(uow, contact, command.expected)
                now = self.clock.now()
                dispatch.transfer(contact, command.operator_id, now)
                uow.contacts.save_transferred(contact, previous, now)
                self.record(
                    uow,
                    actor,
                    Action.CONTACT_TRANSFERRED,
                    contact.id,
                    _holder(previous),
                    _holder(command.operator_id),
                )
                hand_out_waiting(uow, dispatch, now)
                uow.dispatches.save(dispatch)
            return uow.contacts.view(command.contact_id)


def _load(
    uow: UnitOfWork, actor: Actor, contact_id: ContactId, *others: OperatorId
) -> tuple[Contact, Dispatch]:
    """Load a contact that an actor sees, and everything that a change of it can touch."""
    contact = uow.contacts.get(contact_id)
    if not actor.sees(contact.source_key):
        raise UnknownContact(f"no contact has the id {contact_id}.")
    holders = [] if contact.operator_id is None else [contact.operator_id]
    return contact, uow.dispatches.load(
        sources=[contact.source_key], served_by=holders, operators=others
    )


def _require_version(uow: UnitOfWork, contact: Contact, expected: str | None) -> None:
    if expected is not None:
        require_version(uow.contacts.view(contact.id), expected)


def _holder(operator_id: OperatorId | None) -> Values:
    return {"operator_id": None if operator_id is None else str(operator_id)}
