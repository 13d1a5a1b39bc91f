"""Events in responses."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from application.ports.events import EventPage, LoggedEvent, SubjectKind
from domain.event_type import EventType


class SubjectOut(BaseModel):
    """What an event happened to."""

    kind: SubjectKind
    id: str = Field(description="An id; the key of a source.")


class EventOut(BaseModel):
    """Something that happened."""

    id: UUID = Field(description="Unique for good, also when a backup has been restored.")
    seq: int = Field(description="Its number in the order in which things were stored.")
    type: EventType
    at: datetime
    subject: SubjectOut
    actor: str = Field(description="Whose doing it was, as in the audit log.")
    data: dict[str, Any] = Field(
        description="Ids, numbers and settings, by type; no names, identities or payloads."
    )

    @classmethod
    def of(cls, event: LoggedEvent) -> "EventOut":
        """Show an event."""
        entry, (kind, subject) = event.entry, event.subject
        return cls(
            id=event.id,
            seq=event.seq,
            type=entry.type,
            at=entry.at,
            subject=SubjectOut(kind=kind, id=subject),
            actor=entry.actor,
            data=event.data,
        )


class EventPageOut(BaseModel):
    """Events in order."""

    items: list[EventOut]
    next_after: int = Field(
        description="`after` of the next page. A page without items may be followed by others: "
        "only so many events are looked through at a time."
    )
    earliest: int = Field(description="The number of the first event that is kept; 0 without any.")

    @classmethod
    def of(cls, page: EventPage) -> "EventPageOut":
        """Show a page."""
        return cls(
            items=[EventOut.of(each) for each in page.items],
            next_after=page.reached,
            earliest=page.earliest,
        )
