"""Use cases on one contact: show it, close it, transfer it."""

from dataclasses import dataclass, replace

from application.auditing import Recorder
from application.ports import Clock, ContactReader, UnitOfWork, UnitOfWorkFactory
from application.views import ContactLead, ContactView, require_version
from application.waiting import hand_out_waiting
from domain.access import ApiKey, Permission
from domain.audit import Action, Values
from domain.contact import Contact, ContactState
from domain.dispatch import Dispatch
from domain.ids import ContactId, OperatorId


@dataclass(frozen=True, slots=True)
class ShowContact:
    """Somebody asks for a contact by its id.

    Attributes:
        key: by which they ask; None for whoever needs none.
    """

    contact_id: ContactId
    key: ApiKey | None = None


@dataclass(frozen=True, slots=True)
class ShowContactHandler:
    """Shows a contact, as much of it as whoever asks may see."""

    contacts: ContactReader

    def __call__(self, query: ShowContact) -> ContactView:
        """Show a contact.

        A key that may not read is told nothing that it has not told itself: of the lead its id, and
        neither the stored name nor whether the person was known, and by what.

        Raises:
            UnknownContact: it is not there, or not on the source that the key is bound to.
        """
        key = query.key
        if key is None or key.permits(Permission.READ):
            return self.contacts.contact(query.contact_id)
        view = self.contacts.contact(query.contact_id, source=key.source_key)
        return replace(view, lead=ContactLead(view.lead.id, None, created=False, conflicts=()))


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

    def __call__(self, command: CloseContact) -> ContactView:
        """Close a contact; one that is closed stays as it is.

        Raises:
            UnknownContact: it is not there.
            ChangedMeanwhile: it is open, and not what the caller saw.
        """
        with self.unit_of_work() as uow:
            contact, dispatch = _load(uow, command.contact_id)
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

    def __call__(self, command: TransferContact) -> ContactView:
        """Transfer a contact; to the operator who has it, that changes nothing.

        Raises:
            UnknownContact, UnknownOperator: something named is not there.
            ContactClosed: it is too late.
            ChangedMeanwhile: the contact is not what the caller saw.
            OperatorInactive, OperatorAtCapacity: the operator cannot take it.
        """
        with self.unit_of_work() as uow:
            contact, dispatch = _load(uow, command.contact_id, command.operator_id)
            contact.require_open()
            previous = contact.operator_id
            if previous != dispatch.operator(command.operator_id).id:
                _require_version(uow, contact, command.expected)
                now = self.clock.now()
                dispatch.transfer(contact, command.operator_id, now)
                uow.contacts.save_transferred(contact, previous, now)
                self.record(
                    uow,
                    Action.CONTACT_TRANSFERRED,
                    contact.id,
                    _holder(previous),
                    _holder(command.operator_id),
                )
                hand_out_waiting(uow, dispatch, now)
                uow.dispatches.save(dispatch)
            return uow.contacts.view(command.contact_id)


def _load(uow: UnitOfWork, contact_id: ContactId, *others: OperatorId) -> tuple[Contact, Dispatch]:
    """Load a contact, and everything that a change of it can touch."""
    contact = uow.contacts.get(contact_id)
    holders = [] if contact.operator_id is None else [contact.operator_id]
    return contact, uow.dispatches.load(
        sources=[contact.source_key], served_by=holders, operators=others
    )


def _require_version(uow: UnitOfWork, contact: Contact, expected: str | None) -> None:
    if expected is not None:
        require_version(uow.contacts.view(contact.id), expected)


def _holder(operator_id: OperatorId | None) -> Values:
    return {"operator_id": None if operator_id is None else str(operator_id)}
