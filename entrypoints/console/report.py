"""The report of a week, as a page and as a file of its own; both can be printed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import APIRouter, Query, Request, Response

from application.fairlead import Fairlead
from application.report import SHARE, WITHIN, Hours, Report, WeekReport
from domain.errors import InvalidValue
from entrypoints.console.pages import STATIC, filled_in, page, pages_below
from entrypoints.console.promises import kept
from entrypoints.console.words import N_

_LEVELS: Final = 5
"""Degrees of heat."""
DAYS: Final = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)


@dataclass(frozen=True)
class Simulated:
    """What a simulation says of the hour that needs most operators.

    Attributes:
        share: of the contacts that had an operator in time, 0 to 1.
        fewer: the same with one operator less; None if there was only one.
    """

    share: float
    fewer: float | None


def router(fairlead: Fairlead) -> APIRouter:
    """Build the routes."""
    routes = pages_below("/report")

    @routes.get("")
    def report(
        request: Request,
        week: Annotated[str, Query(max_length=20)] = "",
        zone: Annotated[str, Query(max_length=60)] = "UTC",
    ) -> Response:
        found = fairlead.week_report(WeekReport(week or None, zone_named(zone)))
        today = datetime.now(zone_named(zone)).isocalendar()
        this_week = f"{today.year}-W{today.week:02}"
        return page(request, "report", **_values(found), simulated=None, this_week=this_week)

    return routes


def zone_named(name: str) -> ZoneInfo:
    """Return a time zone; raises InvalidValue."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidValue(
            f"there is no time zone {name!r}; write one such as Europe/Moscow.", field="zone"
        ) from None


def report_file(report: Report, simulated: Simulated | None, language: str) -> str:
    """Return the report as an HTML file that needs no other.

    Args:
        report: what it says.
        simulated: what the simulation says, if there was anything to simulate.
        language: one of `entrypoints.console.language.LANGUAGES`.
    """
    style = (STATIC / "console.css").read_text("utf-8")
    values = {**_values(report), "simulated": simulated, "style": style, "language": language}
    return filled_in("report_file", language, values)


def _values(report: Report) -> dict[str, Any]:
    staffing = report.staffing
    return {
        "report": report,
        "days": DAYS,
        "first": report.first.isoformat(),
        "last": (report.first + timedelta(days=6)).isoformat(),
        "heat": _heat(report.hours),
        "shares": [(each, kept(each.distribution)) for each in report.sources],
        "needed": _heat(staffing.operators) if staffing else None,
        "within": WITHIN,
        "share": SHARE,
    }


def _heat(hours: Hours) -> Sequence[Sequence[tuple[float, int]]]:
    """Return each hour's number with its degree of heat, 0 for none."""
    most = max(map(max, hours)) or 1
    return [[(each, ceil(each / most * _LEVELS)) for each in day] for day in hours]
