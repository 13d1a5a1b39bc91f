"""Use cases on a lead: correct what is known about a person, erase it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from application.auditing import Recorder
from application.ports.leads import IdentityNormaliser, LeadView
from application.ports.unit_of_work import UnitOfWork
from application.use_case import Alone
from domain import limits
from domain.actor import Actor
from domain.audit import Action
from domain.errors import DomainError, InvalidIdentity, InvalidValue, UnknownIdentity
from domain.ids import LeadId
from domain.lead import Identity


@dataclass(frozen=True, slots=True)
class RenameLead:
    """A person has a different name; None if it is not known after all."""

    lead_id: LeadId
    name: str | None


@dataclass(frozen=True, slots=True)
class RenameLeadHandler(Alone[RenameLead, LeadView]):
    """Corrects names."""

    record: Recorder

    def within(self, uow: UnitOfWork, command: RenameLead, actor: Actor) -> LeadView:
        """Give a lead another name, or none. Later contacts leave an existing name as it is.

        Raises:
            UnknownLead: it does not exist.
            InvalidValue: the name is outside its limits.
        """
        lead = uow.leads.get(command.lead_id)
        previous = lead.name
        if lead.rename(command.name):
            uow.leads.save_renamed(lead, previous)
            self.record(uow, actor, Action.LEAD_RENAMED, lead.id)
        return uow.leads.view(lead.id)


@dataclass(frozen=True, slots=True)
class AddIdentity:
    """A person is known by one more identity, in any spelling."""

    lead_id: LeadId
    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class IdentityAdded:
    """The lead with the identity; `added` is false if the lead had it before."""

    lead: LeadView
    added: bool


@dataclass(frozen=True, slots=True)
class AddIdentityHandler(Alone[AddIdentity, IdentityAdded]):
    """Adds identities to leads."""

    normalise: IdentityNormaliser
    record: Recorder

    def within(self, uow: UnitOfWork, command: AddIdentity, actor: Actor) -> IdentityAdded:
        """Give a lead an identity that no lead has. None moves, and no leads are merged.

        Raises:
            UnknownLead: it does not exist.
            InvalidIdentity, InvalidValue: it is not an identity, or the lead cannot have more.
            IdentityTaken: another lead has it.
        """
        identity = self._identity(command.kind, command.value)
        found = uow.leads.index([identity], [command.lead_id])
        lesson = found.teach(command.lead_id, identity)
        if lesson.learned:
            if uow.leads.acquaintance(lesson.lead.id).identities >= limits.MAX_LEAD_IDENTITIES:
                raise InvalidValue(
                    f"a lead has at most {limits.MAX_LEAD_IDENTITIES} identities; remove one "
                    "that is not this person's.",
                    field="value",
                )
            uow.leads.learn([lesson])
            self.record(
                uow,
                actor,
                Action.IDENTITY_ADDED,
                command.lead_id,
                after={"kind": identity.kind},
            )
        return IdentityAdded(uow.leads.view(command.lead_id), bool(lesson.learned))

    def _identity(self, kind: str, value: str) -> Identity:
        try:
            return self.normalise(kind, value)
        except (InvalidIdentity, InvalidValue) as error:
            # Elsewhere an identity is part of a contact's lead; here it is the whole request.
            error.field = "kind" if error.field == "lead.identities" else "value"
            raise


@dataclass(frozen=True, slots=True)
class RemoveIdentity:
    """An identity is not, or no longer, this person's; in any spelling."""

    lead_id: LeadId
    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class RemoveIdentityHandler(Alone[RemoveIdentity, LeadView]):
    """Removes identities from leads."""

    normalise: IdentityNormaliser
    record: Recorder

    def within(self, uow: UnitOfWork, command: RemoveIdentity, actor: Actor) -> LeadView:
        """Take an identity from a lead, even the last one. From then on no lead has it.

        Raises:
            UnknownLead: it does not exist.
            UnknownIdentity: the lead has no such identity.
        """
        lead = uow.leads.get(command.lead_id)
        for identity in self._spellings(command.kind, command.value):
            if uow.leads.forget(lead.id, identity):
                self.record(
                    uow, actor, Action.IDENTITY_REMOVED, lead.id, before={"kind": identity.kind}
                )
                return uow.leads.view(lead.id)
        raise UnknownIdentity(
            "the lead has no such identity; look at those that it has.",
            field="value",
        )

    def _spellings(self, kind: str, value: str) -> list[Identity]:
        """Return the identities that may be meant, beginning with the text as given.

        An identity may have been stored when the rules accepted more than they do now.
        """
        readers: tuple[Callable[[str, str], Identity], ...] = (Identity, self.normalise)
        found = []
        for read in readers:
            with suppress(DomainError):
                found.append(read(kind, value.strip()))
        return found


@dataclass(frozen=True, slots=True)
class EraseLead:
    """A person wants to be forgotten."""

    lead_id: LeadId


@dataclass(frozen=True, slots=True)
class EraseLeadHandler(Alone[EraseLead, None]):
    """Erases a person's data; contacts and all counts stay, and identify no one."""

    record: Recorder

    def within(self, uow: UnitOfWork, command: EraseLead, actor: Actor) -> None:
        """Erase a lead's name and identities, and its contacts' payloads and idempotency keys.

        Open contacts stay open. Erasing twice changes nothing. A person who writes again later is
        a new lead.

        Raises:
            UnknownLead: it does not exist.
        """
        if uow.leads.erase(command.lead_id):
            self.record(uow, actor, Action.LEAD_ERASED, command.lead_id)
