"""Endpoints and deliveries in requests and responses."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from application.endpoints import CreateEndpoint, WithSecret
from application.ports.endpoints import DeliveryState, EndpointView
from domain import limits
from domain.endpoint import Delivery, EndpointChange, Inclusion
from domain.event_type import EventType
from entrypoints.v1.schemas.common import Body, SourceKey, Text

_SOURCES = "The sources whose events it wants; all events if empty."
_TYPES = "The types of events that it wants; all of them if empty."
_INCLUDE = "`contact`: each event of a contact carries the contact as it stands when it is sent."
Url = Annotated[str, Field(min_length=1, max_length=limits.MAX_URL)]
Sources = Annotated[list[SourceKey], Field(max_length=limits.MAX_ENDPOINT_SOURCES)]
Types = Annotated[list[EventType], Field(max_length=len(EventType))]


class NewEndpoint(Body):
    """A receiver of events."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "url": "https://example.com/hooks/fairlead",
                    "types": ["contact.assigned", "contact.closed"],
                    "include": ["contact"],
                    "description": "The chat of the sales team",
                }
            ]
        }
    )

    url: Url = Field(description="Where events are sent to; https, at a public address.")
    types: Types = Field(default=[], description=_TYPES)
    sources: Sources = Field(default=[], description=_SOURCES)
    include: list[Inclusion] = Field(default=[], description=_INCLUDE, max_length=len(Inclusion))
    description: Text | None = None

    def command(self) -> CreateEndpoint:
        """Return the command that this body stands for."""
        return CreateEndpoint(self.url, self.types, self.sources, self.include, self.description)


class EndpointPatch(Body):
    """What to change; what is left out stays as it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"types": ["contact.assigned"]}]})

    url: Url | None = Field(default=None, description="Where events are sent to.")
    types: Types | None = Field(default=None, description=_TYPES)
    sources: Sources | None = Field(default=None, description=_SOURCES)
    include: list[Inclusion] | None = Field(
        default=None, description=_INCLUDE, max_length=len(Inclusion)
    )
    description: Text | Literal[""] | None = Field(
        default=None, description="For people; an empty one removes it."
    )

    def change(self) -> EndpointChange:
        """Return what is to change."""
        return EndpointChange(
            url=self.url,
            types=self.types,
            sources=self.sources,
            include=self.include,
            description=self.description,
        )


class Enabling(Body):
    """From where to go on."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"from": "cursor"}]})

    start: Literal["cursor", "now"] = Field(
        default="cursor",
        alias="from",
        description="`cursor` delivers what happened meanwhile, `now` leaves it out.",
    )


class RedeliveryById(Body):
    """Events to deliver again, by their ids."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"ids": ["019cadc6-ae08-7000-8000-000000000005"]}]}
    )

    ids: list[UUID] = Field(min_length=1, max_length=1000, description="Ids of events.")


class RedeliveryOfRange(Body):
    """Events to deliver again, from one number to another."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"after": 1041, "until": 1200}]})

    after: int = Field(
        ge=0, le=2**53, strict=True, description="The number of the event before the first."
    )
    until: int | None = Field(
        default=None,
        ge=0,
        le=2**53,
        strict=True,
        description="The number of the last; the newest if not given.",
    )


class RedeliveredOut(BaseModel):
    """How many events are delivered again."""

    events: int


@dataclass(frozen=True, slots=True)
class EndpointWithSecretOut(EndpointView):
    """An endpoint with its new secret. Keep `secret`: it is shown here and never again."""

    secret: str

    @classmethod
    def of_secret(cls, made: WithSecret) -> "EndpointWithSecretOut":
        """Show an endpoint, this once with its secret."""
        return cls(**asdict(made.endpoint), secret=made.secret)


class EndpointPage(BaseModel):
    """All endpoints."""

    items: list[EndpointView]


class TriedOut(BaseModel):
    """What came of a message that was sent at once."""

    delivered: bool
    status: int | None = Field(description="The receiver's HTTP status; null without an answer.")
    error: str | None = Field(description="What was wrong; null if it was delivered.")


class DeliveryOut(BaseModel):
    """An event that was not delivered at once."""

    seq: int = Field(description="The number of the event.")
    subject: str = Field(description="What it happened to; of one subject, one goes at a time.")
    state: DeliveryState
    attempts: int = Field(description="How many have failed.")
    next_attempt_at: datetime | None = Field(
        description="When it is tried again, if nothing of its subject comes before it; null if it "
        "is dead."
    )
    error: str | None = Field(description="What was wrong with the last attempt.")

    @classmethod
    def of(cls, each: Delivery) -> "DeliveryOut":
        """Show a delivery."""
        state = DeliveryState.DEAD if each.at is None else DeliveryState.PENDING
        return cls(
            seq=each.seq,
            subject=each.subject,
            state=state,
            attempts=each.attempts,
            next_attempt_at=each.at,
            error=each.error,
        )


class DeliveryPage(BaseModel):
    """A page of deliveries. Everything up to the cursor that is not listed was delivered."""

    items: list[DeliveryOut]
    next_after: int | None = Field(description="`after` of the next page; null at the end.")

    @classmethod
    def of(cls, found: Sequence[Delivery], limit: int) -> "DeliveryPage":
        """Show as many as a page has; one beyond these tells that there are more."""
        shown = [DeliveryOut.of(each) for each in found[:limit]]
        return cls(items=shown, next_after=shown[-1].seq if len(found) > limit else None)
