"""Use cases on one contact: show it and its history, close it, transfer it."""

from dataclasses import dataclass, replace

from application.auditing import Recorder
from application.ports.contacts import ContactReader, ContactView, Step
from application.ports.system import Clock
from application.ports.versions import require_version
from application.use_case import Batch, Joint, Needs
from domain.actor import SCRIPT, Actor
from domain.audit import Action, Values
from domain.contact import ContactState
from domain.ids import ContactId, OperatorId


@dataclass(frozen=True, slots=True)
class ShowContact:
    """Somebody asks for a contact by its id."""

    contact_id: ContactId


@dataclass(frozen=True, slots=True)
class ShowContactHandler:
    """Shows as much of a contact as the actor may see."""

    contacts: ContactReader

    def __call__(self, query: ShowContact, actor: Actor = SCRIPT) -> ContactView:
        """Show a contact.

        An actor that may not read is shown nothing of the lead but its id: another program may have
        sent the identities that could not be read.

        Raises:
            UnknownContact: it does not exist, or not on the source that the actor is bound to.
        """
        view = self.contacts.contact(query.contact_id, source=actor.source_key).seen_by(actor)
        return view if actor.reads else replace(view, lead=replace(view.lead, unread=()))


@dataclass(frozen=True, slots=True)
class ShowHistory:
    """Somebody asks what happened to a contact."""

    contact_id: ContactId


@dataclass(frozen=True, slots=True)
class ShowHistoryHandler:
    """Shows what happened to contacts."""

    contacts: ContactReader

    def __call__(self, query: ShowHistory, actor: Actor = SCRIPT) -> list[Step]:
        """Show what happened to a contact, in order.

        Raises:
            UnknownContact: it does not exist, or not on the source that the actor is bound to.
        """
        return self.contacts.history(query.contact_id, source=actor.source_key)


@dataclass(frozen=True, slots=True)
class CloseContact:
    """The conversation is over.

    Attributes:
        expected: the version that the caller saw, see `ContactView.version`; None if any will do.
    """

    contact_id: ContactId
    expected: str | None = None


@dataclass(frozen=True, slots=True)
class CloseContactHandler(Joint[CloseContact, ContactView]):
    """Closes contacts, and hands out contacts that waited for the slot."""

    clock: Clock

    def gather(self, command: CloseContact, needs: Needs) -> None:
        """Need the contact."""
        needs.contacts.append(command.contact_id)

    def decide(self, batch: Batch, command: CloseContact, actor: Actor) -> ContactView:
        """Close a contact; one that is already closed stays as it is.

        Raises:
            UnknownContact: it does not exist.
            ChangedMeanwhile: it is open, and has changed since the caller saw it.
        """
        contact = batch.contact(command.contact_id, actor)
        if contact.state is not ContactState.CLOSED:
            require_version(batch.view(contact.id), command.expected)
            now = self.clock.now()
            batch.dispatch.close(contact, now)
            batch.hand_out(now)
        return batch.view(contact.id)


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
class TransferContactHandler(Joint[TransferContact, ContactView]):
    """Transfers contacts, and hands out contacts that waited for the slot that this frees."""

    clock: Clock
    record: Recorder

    def gather(self, command: TransferContact, needs: Needs) -> None:
        """Need the contact, and the operator who is to have it."""
        needs.contacts.append(command.contact_id)
        needs.operators.add(command.operator_id)

    def decide(self, batch: Batch, command: TransferContact, actor: Actor) -> ContactView:
        """Transfer a contact; transferring it to the operator who has it changes nothing.

        Raises:
            UnknownContact, UnknownOperator: one of those named does not exist.
            ContactClosed: the contact is closed.
            ChangedMeanwhile: the contact has changed since the caller saw it.
            OperatorInactive, OperatorAtCapacity: the operator cannot take it.
        """
        contact = batch.contact(command.contact_id, actor)
        contact.require_open()
        previous = contact.operator_id
        if previous != batch.dispatch.operator(command.operator_id).id:
            require_version(batch.view(contact.id), command.expected)
            now = self.clock.now()
            batch.dispatch.transfer(contact, command.operator_id, now)
            self.record(
                batch.uow,
                actor,
                Action.CONTACT_TRANSFERRED,
                contact.id,
                _holder(previous),
                _holder(command.operator_id),
            )
            batch.hand_out(now)
        return batch.view(contact.id)


def _holder(operator_id: OperatorId | None) -> Values:
    return {"operator_id": None if operator_id is None else str(operator_id)}
