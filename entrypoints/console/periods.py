"""Periods that statistics are shown for; counters are kept by the hour."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final

from fastapi import Query

from application.ports.statistics import HourSpan
from domain.errors import InvalidValue
from entrypoints.console.words import N_

DateText = Annotated[str, Query(pattern=r"^$|^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
"""A date in UTC; empty for none."""


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


def span_of(period: Period, since: str = "", until: str = "") -> HourSpan:
    """Return the hours of a period; the current hour counts as the last.

    Args:
        period: what is meant if neither date is given.
        since: the first date, in UTC; empty for none.
        until: the last date; likewise.

    Raises:
        InvalidValue: one of the dates does not exist.
    """
    if since or until:
        return HourSpan(
            _hour_of(day_of(since)) if since else None,
            _hour_of(day_after(until)) if until else None,
        )
    if period not in _HOURS:
        return HourSpan()
    return HourSpan(_hour_of(datetime.now(UTC)) + 1 - _HOURS[period])


def span_before(span: HourSpan) -> HourSpan | None:
    """Return the period of the same length before a period; None if that one has no beginning."""
    if span.since is None:
        return None
    end = span.until or _hour_of(datetime.now(UTC)) + 1
    return HourSpan(span.since - max(end - span.since, 0), span.since)


def day_of(date: str) -> datetime:
    """Return when a day began in UTC; raises InvalidValue if there is no such day."""
    try:
        return datetime.strptime(date, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise InvalidValue("there is no such date.", field="date") from None


def day_after(date: str) -> datetime:
    """Return when a day ended in UTC; raises InvalidValue if there is no such day."""
    try:
        return day_of(date) + timedelta(days=1)
    except OverflowError:
        raise InvalidValue("no later date can be reckoned with.", field="date") from None


def _hour_of(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(hours=1)


def moment_of(hour: int) -> datetime:
    """Return when an hour began."""
    return _EPOCH + timedelta(hours=hour)
