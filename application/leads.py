"""Use cases on a lead: erase what is known of a person."""

from dataclasses import dataclass

from application.auditing import Recorder
from application.ports import UnitOfWorkFactory
from domain.audit import Action
from domain.ids import LeadId


@dataclass(frozen=True, slots=True)
class EraseLead:
    """A person wants to be forgotten."""

    lead_id: LeadId


@dataclass(frozen=True, slots=True)
class EraseLeadHandler:
    """Erases a person's data; contacts and everything counted stay, and tell of nobody."""

    unit_of_work: UnitOfWorkFactory
    record: Recorder

    def __call__(self, command: EraseLead) -> None:
        """Erase a lead's name and identities, and its contacts' payloads and idempotency keys.

        Open contacts stay open. Erasing twice changes nothing. Whoever writes again later is a
        new lead.

        Raises:
            UnknownLead: it is not there.
        """
        with self.unit_of_work() as uow:
            if uow.leads.erase(command.lead_id):
                self.record(uow, Action.LEAD_ERASED, command.lead_id)
