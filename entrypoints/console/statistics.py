"""Statistics of a period, on the page and as CSV."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from statistics import median
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from application.fairlead import Fairlead
from application.ports.statistics import HourSpan, ninth
from entrypoints.console.choosing import Chosen, busiest, offered_sources
from entrypoints.console.pages import Viewer, page, pages_below
from entrypoints.console.periods import PERIODS, DateText, Period, moment_of, span_before, span_of
from entrypoints.console.promises import kept
from entrypoints.console.spreadsheet import spreadsheet

_EMPTY: Final = 31 * 24
"""Hours without a contact that a table or a chart begins with at most."""
Table = Literal["shares", "waits", "hours", "operators"]


class Wanted(BaseModel):
    """What the address of the page asks for; dates take the place of the period."""

    source: Chosen = ""
    period: Period = Period.WEEK
    since: DateText = ""
    until: DateText = ""

    @property
    def span(self) -> HourSpan:
        """The hours asked for; raises InvalidValue."""
        return span_of(self.period, self.since, self.until)


def router(fairlead: Fairlead) -> APIRouter:
    """Build the routes."""
    routes = pages_below("/statistics")

    @routes.get("")
    def statistics(request: Request, wanted: Annotated[Wanted, Query()]) -> Response:
        source, span = wanted.source, wanted.span
        totals = fairlead.statistics.totals(span)
        before = span_before(span)
        keys = [source] if source else busiest(totals)
        shown = fairlead.statistics.distribution(sources=keys, span=span)
        sources = offered_sources(fairlead)
        return page(
            request,
            "statistics",
            wanted=wanted,
            query=wanted.model_dump(mode="json"),
            periods=PERIODS,
            chosen=source,
            before={}
            if before is None
            else {each.source: each.total for each in fairlead.statistics.totals(before)},
            sources=sources,
            names=dict(sources.items),
            distribution=[(each, kept(each)) for each in shown],
            left_out=not source and len(shown) < len(totals),
            waits=[
                (each, _times(each.seconds), _times(each.handling))
                for each in fairlead.waiting_times(shown, span)
            ],
            totals={each.source: each.total for each in shown},
            bars=20,
        )

    @routes.get("/hours.json")
    def hours(wanted: Annotated[Wanted, Query()]) -> Response:
        counts = _by_hour(fairlead, wanted.source, wanted.span)
        return JSONResponse(
            {
                "x": [int(moment.timestamp()) for moment, _ in counts],
                "contacts": [number for _, number in counts],
            }
        )

    @routes.get("/{table}.csv")
    def download(request: Request, table: Table, wanted: Annotated[Wanted, Query()]) -> Response:
        rows = _TABLES[table](fairlead, wanted.source, wanted.span)
        return Response(
            spreadsheet(rows, Viewer.of(request).language),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="fairlead-{table}.csv"'},
        )

    return routes


def _by_hour(fairlead: Fairlead, source: str, span: HourSpan) -> list[tuple[datetime, int]]:
    """Return contacts by hour from the period's first hour on, including hours without any.

    Of an empty beginning only a month is told: a first date may be in the year 1.
    """
    counts = fairlead.statistics.by_hour(source=source or None, span=span)
    if not counts:
        return []
    first = min(counts) if span.since is None else max(span.since, min(counts) - _EMPTY)
    return [(moment_of(hour), counts.get(hour, 0)) for hour in range(first, max(counts) + 1)]


def _named(source: str) -> list[str] | None:
    return [source] if source else None


def _shares_table(fairlead: Fairlead, source: str, span: HourSpan) -> Iterable[Sequence[Any]]:
    yield (
        *("source", "operator_id", "operator", "weight", "target_share", "contacts"),
        *("actual_share", "entitled", "entitled_share", "while_full", "while_unavailable"),
    )
    for each in fairlead.statistics.distribution(sources=_named(source), span=span):
        for row in each.operators:
            yield (
                each.source,
                row.operator.id,
                row.operator.name,
                row.weight,
                row.target_share,
                row.contacts,
                row.actual_share,
                row.entitled,
                row.entitled_share,
                row.while_full,
                row.while_unavailable,
            )


def _waits_table(fairlead: Fairlead, source: str, span: HourSpan) -> Iterable[Sequence[Any]]:
    yield (
        *("source", "contacts", "at_once_share", "median_seconds", "p90_seconds"),
        *("longest_seconds", "still_waiting", "handled", "handling_median_seconds"),
        *("handling_p90_seconds", "handling_longest_seconds", "looked_at"),
    )
    distribution = fairlead.statistics.distribution(sources=_named(source), span=span)
    for each in fairlead.waiting_times(distribution, span):
        yield (
            each.source,
            len(each.seconds),
            each.at_once,
            *_times(each.seconds),
            each.waiting,
            len(each.handling),
            *_times(each.handling),
            "all of the period" if each.whole else "only the newest",
        )


def _times(seconds: Sequence[float]) -> tuple[float | None, ...]:
    """Return the median, the most that nine of ten took, and the longest."""
    if not seconds:
        return None, None, None
    return tuple(round(each, 3) for each in (median(seconds), ninth(seconds), seconds[-1]))


def _hours_table(fairlead: Fairlead, source: str, span: HourSpan) -> Iterable[Sequence[Any]]:
    yield "hour_utc", "contacts"
    yield from _by_hour(fairlead, source, span)


def _operators_table(fairlead: Fairlead, source: str, span: HourSpan) -> Iterable[Sequence[Any]]:
    del source, span
    yield "operator_id", "operator", "active", "load", "capacity", "utilisation", "contacts"
    for each in fairlead.statistics.operators():
        operator = each.operator
        yield (
            operator.id,
            operator.name,
            operator.active,
            operator.load,
            operator.capacity,
            each.utilisation,
            sum(each.contacts.values()),
        )


_TABLES: Final = {
    "shares": _shares_table,
    "waits": _waits_table,
    "hours": _hours_table,
    "operators": _operators_table,
}
