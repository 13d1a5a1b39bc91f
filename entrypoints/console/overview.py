"""The front page: who gets what, who waits, who is free; and the stream that keeps pages fresh."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from application.fairlead import Fairlead
from application.ports.endpoints import EndpointView
from domain.actor import Actor
from entrypoints.console.choosing import busiest, offered_sources
from entrypoints.console.filled import EMPTY, Filled
from entrypoints.console.pages import Viewer, form, go, page, pages_below
from entrypoints.console.periods import PERIODS, Period, span_of
from entrypoints.console.promises import kept
from entrypoints.console.receivers import ails
from entrypoints.console.saying import said
from entrypoints.edge.gate import is_admitted
from entrypoints.edge.keyring import Keyring
from entrypoints.edge.live import Live
from entrypoints.edge.writing import ACTOR

_OPERATORS: Final = 60
"""Gauges on the page; a link leads to the others."""
_LISTED: Final = 5
"""Sources or operators that are listed in one sentence; it tells how many more there are."""
_FEED: Final = 14
_MINUTES: Final = 180
_EVENTS: Final = "/console/events"


def router(
    fairlead: Fairlead,
    live: Live,
    keyring: Keyring,
    fill: Callable[[Actor], None],
) -> APIRouter:
    """Build the routes."""
    routes = pages_below()
    minutes = _Minutes(fairlead)

    @routes.get("/")
    def overview(request: Request, period: Period = Period.DAY) -> Response:
        return overview_page(request, fairlead, period)

    @routes.get("/minutes.json")
    def contacts_by_minute() -> Response:
        return JSONResponse(minutes.last(_MINUTES, datetime.now(UTC)))

    @routes.get("/events")
    async def events(request: Request) -> Response:
        # `X-Accel-Buffering`: nginx would hold events back until it has a few kilobytes of them.
        return StreamingResponse(
            live.stream(partial(is_admitted, keyring, request.scope, _EVENTS)),
            media_type="text/event-stream",
            headers={"X-Accel-Buffering": "no"},
        )

    @routes.post("/demo")
    async def demo(request: Request) -> Response:
        await form(request)
        await to_thread.run_sync(fill, request.scope[ACTOR])
        return go(request, "/", said="demo")

    return routes


def overview_page(
    request: Request, fairlead: Fairlead, period: Period = Period.DAY, filled: Filled = EMPTY
) -> Response:
    """Show who gets what in a period, with a form of the first steps if it was refused."""
    span = span_of(period)
    totals = fairlead.statistics.totals(span)
    shown = fairlead.statistics.distribution(sources=busiest(totals), span=span)
    standing = {each.source: each for each in totals}
    waiting_since = fairlead.statistics.waiting_since()
    full = fairlead.catalogue.operators(active=True, limit=_LISTED, after=None, full=True)
    operators = fairlead.catalogue.operators(active=None, limit=_OPERATORS, after=None)
    return page(
        request,
        "overview",
        filled.status,
        here="/" if period is Period.DAY else f"/?period={period.value}",
        period=period,
        periods=PERIODS,
        totals=totals,
        rows=[(standing[each.source], kept(each)) for each in shown],
        waiting_since=waiting_since,
        longest=sorted(waiting_since, key=lambda key: waiting_since[key]),
        unanswered=[each for each in totals if not each.eligible],
        full=full,
        listed=_LISTED,
        names=dict(offered_sources(fairlead).items),
        operators=operators,
        feed=fairlead.latest_assignments(
            [each.source for each in totals if each.waiting], limit=_FEED
        ),
        ailing=_ailing(request, fairlead),
        filled=filled,
        said=said(request, fairlead),
    )


def _ailing(request: Request, fairlead: Fairlead) -> list[EndpointView]:
    """Return the endpoints that somebody has to look after; only administrators can."""
    if not Viewer.of(request).may("administer"):
        return []
    return [each for each in fairlead.endpoints.all() if ails(each)]


class _Minutes:
    """Contacts by minute. A minute that has been over for a minute is counted only once."""

    def __init__(self, fairlead: Fairlead) -> None:
        self._fairlead = fairlead
        self._counted: dict[datetime, int] = {}

    def last(self, number: int, now: datetime) -> dict[str, list[int]]:
        """Return the last minutes: their starts in seconds since 1970, and their contacts."""
        this = now.replace(second=0, microsecond=0)
        shown = [this - timedelta(minutes=back) for back in reversed(range(number))]
        counts = {each: self._count(each) for each in shown}
        # A transaction that began in a minute may end in the next.
        self._counted = {
            minute: count
            for minute, count in counts.items()
            if minute < this - timedelta(minutes=1)
        }
        return {
            "x": [int(each.timestamp()) for each in shown],
            "contacts": list(counts.values()),
        }

    def _count(self, minute: datetime) -> int:
        known = self._counted.get(minute)
        if known is not None:
            return known
        return self._fairlead.statistics.registered(minute, minute + timedelta(minutes=1))
