"""/v1/events."""

from functools import partial
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import StreamingResponse

from application.fairlead import Fairlead
from application.ports.events import EventFilter
from domain import limits
from domain.event_type import EventType
from domain.ids import ContactId, OperatorId
from entrypoints.edge.gate import is_admitted
from entrypoints.edge.keyring import Keyring
from entrypoints.edge.listing import Listing
from entrypoints.edge.live import Live
from entrypoints.edge.pages import Limit
from entrypoints.edge.problems import documented
from entrypoints.v1.feed import Feed
from entrypoints.v1.operator_names import OperatorNames
from entrypoints.v1.schemas.events import EventPageOut

_LAST: Final = 2**63 - 1
_STREAM: Final = "/v1/events/stream"
After = Annotated[
    int | None,
    Query(
        ge=0,
        le=_LAST,
        description="The number of the last event that is known, or `next_after` of the previous "
        "page; the first event that is kept if not given.",
    ),
]


def router(fairlead: Fairlead, listing: Listing, live: Live, keyring: Keyring) -> APIRouter:
    """Build the routes on a wired application."""
    routes = APIRouter(prefix="/v1/events", tags=["events"])
    named = OperatorNames(fairlead.catalogue).in_query
    feed = Feed(fairlead.events, listing, live)

    def wanted(
        types: Annotated[
            list[EventType] | None, Query(description="Only these; may be given several times.")
        ] = None,
        source: Annotated[
            str | None,
            Query(
                pattern=limits.KEY,
                description="Only what happened to the source with this key and to its contacts.",
            ),
        ] = None,
        operator: Annotated[OperatorId | None, Depends(named)] = None,
        contact: Annotated[
            UUID | None, Query(description="Only what happened to this contact.")
        ] = None,
    ) -> EventFilter:
        sources = None if source is None else [source]
        contact_id = None if contact is None else ContactId(contact)
        return EventFilter(types, sources, operator, contact_id)

    Wanted = Annotated[EventFilter, Depends(wanted)]  # noqa: N806 -- a type

    @routes.get("", responses=documented("unknown_operator", "events_gone"))
    async def list_events(
        where: Wanted,
        after: After = None,
        limit: Limit = 50,
        wait: Annotated[
            int,
            Query(
                ge=0,
                le=30,
                description="Seconds to wait for an event if there is none yet; then the answer is "
                "empty.",
            ),
        ] = 0,
    ) -> EventPageOut:
        """List what happened, in the order in which it was stored.

        Every event is on disk: none of them is taken back by a crash. A reader that goes on from
        `next_after` sees each once. Events are kept for some time; `410` says that some of those
        that were asked for are gone, or that the storage was restored from a backup.
        """
        page = await feed.page(after, limit, where, wait)
        return EventPageOut.of(page)

    @routes.get(
        "/stream",
        response_class=StreamingResponse,
        responses={
            200: {"content": {"text/event-stream": {}}, "description": "Server-sent events."},
            **documented("unknown_operator", "events_gone"),
        },
    )
    async def stream_events(
        request: Request,
        where: Wanted,
        after: After = None,
        last_event_id: Annotated[
            int | None,
            Header(
                ge=0, le=_LAST, description="As `after`; browsers send it when they connect again."
            ),
        ] = None,
    ) -> StreamingResponse:
        """Send what happens as server-sent events, as soon as it is stored.

        The id of each is its number, the event its type, and the data the event as the list shows
        it. A connection that was cut is taken up with `Last-Event-ID`.
        """
        start = after if last_event_id is None else last_event_id
        admitted = partial(is_admitted, keyring, request.scope, _STREAM)
        return StreamingResponse(
            await feed.stream(start, where, admitted),
            media_type="text/event-stream",
            # nginx would hold events back until it has a few kilobytes of them.
            headers={"X-Accel-Buffering": "no"},
        )

    return routes
