"""How use cases write the audit log: in the transaction of the change, under the actor's name."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from application.ports.events import Entry
from application.ports.system import Ids
from application.ports.unit_of_work import UnitOfWork
from domain.actor import Actor
from domain.audit import Action, AuditEntry, Values, differences
from domain.event_type import EventType
from domain.ids import AuditId, LeadId, OperatorId, time_of

_EVENTS: Final = {
    Action.OPERATOR_CREATED: EventType.OPERATOR_CREATED,
    Action.OPERATOR_CHANGED: EventType.OPERATOR_CHANGED,
    Action.SOURCE_CREATED: EventType.SOURCE_CREATED,
    Action.SOURCE_CHANGED: EventType.SOURCE_CHANGED,
    Action.ALLOCATIONS_REPLACED: EventType.ALLOCATIONS_REPLACED,
    Action.ENDPOINT_CREATED: EventType.ENDPOINT_CREATED,
    Action.ENDPOINT_CHANGED: EventType.ENDPOINT_CHANGED,
    Action.ENDPOINT_ROTATED: EventType.ENDPOINT_CHANGED,
    Action.ENDPOINT_ENABLED: EventType.ENDPOINT_CHANGED,
    Action.ENDPOINT_DISABLED: EventType.ENDPOINT_DISABLED,
    Action.ENDPOINT_DELETED: EventType.ENDPOINT_DELETED,
    Action.LEAD_RENAMED: EventType.LEAD_CHANGED,
    Action.IDENTITY_ADDED: EventType.LEAD_CHANGED,
    Action.IDENTITY_REMOVED: EventType.LEAD_CHANGED,
}
"""What is told of what is audited. Names are not told: they are people's."""
_TOLD: Final = ("active", "capacity", "state", "strategy")


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
        whole = after
        if before is not None and after is not None:
            before, after = differences(before, after)
            if not before and not after:
                return
        new_id = self.ids.new()
        event = _EVENTS.get(action)
        if action is Action.LEAD_ERASED:
            uow.events.add_erased(cast(LeadId, subject), time_of(new_id), actor.name)
        elif event is not None:
            uow.events.add([_entry(event, time_of(new_id), actor, subject, whole, after)])
        uow.audit.add(
            AuditEntry(
                AuditId(new_id), time_of(new_id), actor.name, action, str(subject), before, after
            )
        )


def _entry(
    event: EventType,
    at: datetime,
    actor: Actor,
    subject: object,
    whole: Values | None,
    changed: Values | None,
) -> Entry:
    told: dict[str, Any] = {name: value for name, value in (changed or {}).items() if name in _TOLD}
    if event is EventType.ALLOCATIONS_REPLACED:
        told = {"weights": whole}
    data = json.dumps(told) if told else None
    match event:
        case EventType.OPERATOR_CREATED | EventType.OPERATOR_CHANGED:
            return Entry(event, at, actor.name, operator_id=cast(OperatorId, subject), data=data)
        case (
            EventType.LEAD_CHANGED
            | EventType.ENDPOINT_CREATED
            | EventType.ENDPOINT_CHANGED
            | EventType.ENDPOINT_DISABLED
            | EventType.ENDPOINT_DELETED
        ):
            return Entry(event, at, actor.name, other_id=cast(UUID, subject), data=data)
        case _:
            return Entry(event, at, actor.name, source_key=str(subject), data=data)
