"""Statistics of a period, on the page and as CSV."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from statistics import median, quantiles
from typing import Any, Final, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from application.fairlead import Fairlead
from application.views import SourceDistribution
from domain.conformity import DRIFTS_BELOW, p_value
from entrypoints.console.pages import page
from entrypoints.console.periods import PERIODS, Period, moment_of, span_of
from entrypoints.console.sources import Chosen, offered_sources

_WAITS: Final = 300
"""Contacts of each source whose waiting times are looked at, the newest."""

Table = Literal["shares", "waits", "hours", "operators"]


def router(fairlead: Fairlead) -> APIRouter:
    """Build the routes."""
    routes = APIRouter(prefix="/statistics")

    @routes.get("")
    def statistics(request: Request, source: Chosen = "", period: Period = Period.WEEK) -> Response:
        span = span_of(period)
        distribution = fairlead.statistics.distribution(source=source or None, span=span)
        return page(
            request,
            "statistics",
            period=period,
            periods=PERIODS,
            chosen=source,
            sources=offered_sources(fairlead),
            distribution=[(each, conformity(each)) for each in distribution],
            drifts_below=DRIFTS_BELOW,
            waits=_waits(fairlead, [each.source for each in distribution], period),
            sampled=_WAITS,
            bars=20,
        )

    @routes.get("/hours.json")
    def hours(source: Chosen = "", period: Period = Period.WEEK) -> Response:
        counts = _by_hour(fairlead, source, period)
        return JSONResponse(
            {
                "x": [int(moment.timestamp()) for moment, _ in counts],
                "contacts": [number for _, number in counts],
            }
        )

    @routes.get("/{table}.csv")
    def download(table: Table, source: Chosen = "", period: Period = Period.WEEK) -> Response:
        rows = _TABLES[table](fairlead, source, period)
        return Response(
            _csv(rows),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="fairlead-{table}.csv"'},
        )

    return routes


def conformity(distribution: SourceDistribution) -> float | None:
    """Return the p-value of what the operators of a source got; see `domain.conformity`."""
    return p_value(
        [each.contacts for each in distribution.operators],
        [each.weight for each in distribution.operators],
    )


def _waits(
    fairlead: Fairlead, keys: Iterable[str], period: Period
) -> list[tuple[str, int, float, float]]:
    """Return of each source: its key, how many were looked at, the median and the 90th percentile.

    Sources of which nobody was assigned in the period are left out.
    """
    rows = []
    for key in keys:
        seconds = fairlead.statistics.waits(source=key, span=span_of(period), most=_WAITS)
        if seconds:
            ninth = (
                quantiles(seconds, n=10, method="inclusive")[-1] if len(seconds) > 1 else seconds[0]
            )
            rows.append((key, len(seconds), median(seconds), ninth))
    return rows


def _by_hour(fairlead: Fairlead, source: str, period: Period) -> list[tuple[datetime, int]]:
    """Return contacts by hour from the period's first on, hours without any among them."""
    span = span_of(period)
    counts = fairlead.statistics.by_hour(source=source or None, span=span)
    if not counts:
        return []
    first = min(counts) if span.since is None else span.since
    return [(moment_of(hour), counts.get(hour, 0)) for hour in range(first, max(counts) + 1)]


def _shares_table(fairlead: Fairlead, source: str, period: Period) -> Iterable[Sequence[Any]]:
    yield "source", "operator_id", "operator", "weight", "target_share", "contacts", "actual_share"
    for each in fairlead.statistics.distribution(source=source or None, span=span_of(period)):
        for row in each.operators:
            yield (
                each.source,
                row.operator.id,
                row.operator.name,
                row.weight,
                row.target_share,
                row.contacts,
                row.actual_share,
            )


def _waits_table(fairlead: Fairlead, source: str, period: Period) -> Iterable[Sequence[Any]]:
    yield "source", "contacts", "median_seconds", "p90_seconds"
    found = fairlead.statistics.distribution(source=source or None, span=span_of(period))
    yield from _waits(fairlead, [each.source for each in found], period)


def _hours_table(fairlead: Fairlead, source: str, period: Period) -> Iterable[Sequence[Any]]:
    yield "hour", "contacts"
    for moment, number in _by_hour(fairlead, source, period):
        yield moment.strftime("%Y-%m-%dT%H:%M:%SZ"), number


def _operators_table(fairlead: Fairlead, source: str, period: Period) -> Iterable[Sequence[Any]]:
    del source, period
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


def _csv(rows: Iterable[Sequence[Any]]) -> str:
    """Write a table that spreadsheets read: with a byte order mark, and never with a formula."""
    written = io.StringIO()
    csv.writer(written).writerows([_cell(value) for value in row] for row in rows)
    return "\ufeff" + written.getvalue()


def _cell(value: Any) -> Any:
    # A name such as =HYPERLINK(...) would be carried out by the spreadsheet of whoever opens it.
    if not isinstance(value, str):
        return value
    return "".join(
        f"'{each}" if each.lstrip(_UNSEEN).startswith(_FORMULA) else each
        for each in _CELLS.split(value)
    )


_CELLS: Final = re.compile(r"([;\t\r\n])")
"""What else ends a cell: where people write decimals with a comma, spreadsheets part by semicolons
and look into no quotes that begin elsewhere."""
_FORMULA: Final = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How a formula begins; the latter four are as wide as the characters of Chinese and Japanese."""
_UNSEEN: Final = ' "\xa0\xad\u200b\u200c\u200d\u2060\u3000\ufeff'
"""What may stand before it and is passed over."""
