"""How events are read over HTTP: by the page, with some patience, and as a stream."""

from collections.abc import AsyncIterator, Awaitable, Callable
from time import monotonic
from typing import Final

from application.ports.events import EventFilter, EventPage, EventReader, LoggedEvent
from application.ports.failures import Overloaded, StorageUnavailable
from domain.errors import EventsGone
from entrypoints.edge.listing import Listing
from entrypoints.edge.live import Live
from entrypoints.v1.schemas.events import EventOut

_AT_ONCE: Final = 200
"""Events of a stream that are read at a time."""
_ALIVE: Final = 10.0
"""Seconds of silence after which a stream says that it is alive: otherwise proxies cut it."""


class Feed:
    """Reads the event log for those who follow it."""

    def __init__(self, events: EventReader, listing: Listing, live: Live) -> None:
        self._events = events
        self._live = live
        self._read = listing(self._page)

    async def page(
        self, after: int | None, limit: int, where: EventFilter, wait: float = 0
    ) -> EventPage:
        """Return the events that follow; if there are none, wait for some.

        Args:
            after: the number of the last event that is known; None begins with the first one kept.
            limit: the most events to return.
            where: which of them.
            wait: the most seconds to wait.

        Raises:
            EventsGone: some of those that follow are gone, or `after` has never been.
            StorageUnavailable: they cannot be read.
        """
        page = await self._read(after, limit, where)
        if page.items or not wait:
            return page
        end = monotonic() + wait
        async with self._live.looking() as changes:
            # Once more: something may have come before it was looked for.
            page = await self._read(page.reached, limit, where)
            while not page.items and not self._live.closed and (left := end - monotonic()) > 0:
                if page.reached < page.last or await changes(left):
                    page = await self._read(page.reached, limit, where)
        return page

    async def stream(
        self, after: int | None, where: EventFilter, admitted: Callable[[], Awaitable[bool]]
    ) -> AsyncIterator[str]:
        """Return server-sent events without an end; raises as `page` does, before the first one.

        Args:
            after: as for `page`.
            where: which events.
            admitted: tells whether the listener still has access.
        """
        first = await self._read(after, _AT_ONCE, where)
        return self._told(first, where, admitted)

    async def _told(
        self, page: EventPage, where: EventFilter, admitted: Callable[[], Awaitable[bool]]
    ) -> AsyncIterator[str]:
        async with self._live.looking() as changes:
            looked_again = False
            while True:
                for each in page.items:
                    yield _sent(each)
                # Once more: something may have come before it was looked for.
                if page.reached == page.last and looked_again and not await changes(_ALIVE):
                    yield ": alive\n\n"
                if self._live.closed or not await admitted():
                    return
                looked_again = True
                try:
                    page = await self._read(page.reached, _AT_ONCE, where)
                except (EventsGone, Overloaded, StorageUnavailable):
                    # The client connects again, and is told why.
                    return

    def _page(self, after: int | None, limit: int, where: EventFilter) -> EventPage:
        page = self._events.events(after=after or 0, limit=limit, where=where)
        if after is not None and not page.earliest - 1 <= after <= page.last:
            why = (
                f"the last event is {page.last}, so the storage has been restored from a backup"
                if after > page.last
                else f"events before {page.earliest} are no longer kept"
            )
            raise EventsGone(
                f"{why}; read the contacts and operators that you follow once more, and go on with "
                f"after={max(page.earliest - 1, 0)}.",
                field="after",
                earliest=page.earliest,
            )
        return page


def _sent(event: LoggedEvent) -> str:
    shown = EventOut.of(event).model_dump_json()
    return f"id: {event.seq}\nevent: {event.entry.type}\ndata: {shown}\n\n"
