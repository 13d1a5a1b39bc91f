"""Periods that statistics are shown for; counters are kept by the hour."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from application.ports.statistics import HourSpan
from entrypoints.console.words import N_


class Period(StrEnum):
    """A period that ends now."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    ALL = "all"


PERIODS: Final = {
    Period.DAY: N_("24 hours"),
    Period.WEEK: N_("7 days"),
    Period.MONTH: N_("30 days"),
    Period.ALL: N_("all time"),
}
_HOURS: Final = {Period.DAY: 24, Period.WEEK: 7 * 24, Period.MONTH: 30 * 24}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def span_of(period: Period) -> HourSpan:
    """Return the hours of a period; the current hour counts as the last."""
    if period not in _HOURS:
        return HourSpan()
    this = (datetime.now(UTC) - _EPOCH) // timedelta(hours=1)
    return HourSpan(this + 1 - _HOURS[period])


def moment_of(hour: int) -> datetime:
    """Return when an hour began."""
    return _EPOCH + timedelta(hours=hour)
