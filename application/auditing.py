"""How use cases write the audit log: in the transaction of the change, under the actor's name."""

from dataclasses import dataclass

from application.ports.system import Ids
from application.ports.unit_of_work import UnitOfWork
from domain.actor import Actor
from domain.audit import Action, AuditEntry, Values, differences
from domain.ids import AuditId, time_of


@dataclass(frozen=True, slots=True)
class Recorder:
    """Writes entries of the audit log."""

    ids: Ids

    def __call__(
        self,
        uow: UnitOfWork,
        actor: Actor,
        action: Action,
        subject: object,
        before: Values | None = None,
        after: Values | None = None,
    ) -> None:
        """Write that something was done; the entry is kept if the unit of work commits.

        Nothing is written about a change that left everything as it was.

        Args:
            uow: the unit of work in which it is done.
            actor: who does it.
            action: what is done.
            subject: what it is done to; its text is kept.
            before: what a change can touch, as it was; None for something new.
            after: the same values as they are now.
        """
        if before is not None and after is not None:
            before, after = differences(before, after)
            if not before and not after:
                return
        new_id = self.ids.new()
        uow.audit.add(
            AuditEntry(
                AuditId(new_id), time_of(new_id), actor.name, action, str(subject), before, after
            )
        )
