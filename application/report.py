"""A week as the owner of a company sees it, against the week before and with what is to come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import chain
from statistics import fmean, median
from typing import Final

from application.ports.catalogue import CatalogueReader
from application.ports.statistics import (
    HourSpan,
    SourceDistribution,
    SourceWaits,
    StatisticsReader,
    ninth,
)
from application.ports.system import Clock
from application.waits import WaitingTimesHandler
from domain.errors import InvalidValue
from domain.staffing import operators_needed

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR: Final = timedelta(hours=1)
_WEEKS: Final = 4
"""Whole weeks that a forecast is made of, if there are as many."""
_MOST: Final = 1000
"""Sources and operators that are looked at."""
WITHIN: Final = 60.0
"""Seconds within which a contact is to have an operator."""
SHARE: Final = 0.9
"""The share of contacts of which that is to hold."""

Hours = Sequence[Sequence[float]]
"""Something for each hour of a week: seven days from Monday on, each with 24 hours."""


@dataclass(frozen=True, slots=True)
class WeekReport:
    """Ask for the report of a week.

    Attributes:
        week: as ISO 8601 writes it, `2026-W48`; None for the last whole week.
        zone: whose days and hours are meant.
    """

    week: str | None
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class Times:
    """How long something took, in seconds: half within `half`, nine of ten within `ninth`."""

    half: float
    ninth: float
    longest: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Times | None":
        """Sum up times, the shortest first; None if there are none."""
        return cls(median(seconds), ninth(seconds), seconds[-1]) if seconds else None


@dataclass(frozen=True, slots=True)
class Figures:
    """What happened in a week, on one source or on all.

    Attributes:
        contacts: how many came in.
        at_once: the share that had an operator within a second; None if there were none.
        waited: until the first operator.
        took: from then until they were closed.
        whole: whether the times are those of all contacts, not only of the newest.
    """

    contacts: int
    at_once: float | None
    waited: Times | None
    took: Times | None
    whole: bool

    @classmethod
    def of(cls, contacts: int, waits: Sequence[SourceWaits]) -> "Figures":
        """Sum up the times of some sources."""
        seconds = sorted(chain.from_iterable(each.seconds for each in waits))
        handling = sorted(chain.from_iterable(each.handling for each in waits))
        looked = [(each.at_once, len(each.seconds)) for each in waits]
        return cls(
            contacts,
            sum(share * number for share, number in looked) / len(seconds) if seconds else None,
            Times.of(seconds),
            Times.of(handling),
            all(each.whole for each in waits),
        )


@dataclass(frozen=True, slots=True)
class SourceWeek:
    """A source in the week, and how its contacts were given away."""

    name: str
    figures: Figures
    before: int
    distribution: SourceDistribution


@dataclass(frozen=True, slots=True)
class Forecast:
    """How many contacts the week after will bring.

    Attributes:
        hours: the mean of the same hour in the last weeks.
        weeks: of how many weeks.
        said: what the same method would have said of the week of the report, a week before; None
            if there were no weeks before it.
    """

    hours: Hours
    weeks: int
    said: float | None

    @property
    def total(self) -> float:
        """The contacts of the whole week."""
        return sum(map(sum, self.hours))


@dataclass(frozen=True, slots=True)
class Staffing:
    """How many operators the forecast needs, by Erlang's formula.

    Attributes:
        operators: for each hour of the week.
        took: the mean seconds that a contact takes, as in the week of the report.
        at_a_time: contacts that an operator handles at the same time: the median of capacities.
    """

    operators: Sequence[Sequence[int]]
    took: float
    at_a_time: int

    @property
    def peak(self) -> tuple[int, int]:
        """The day and the hour that need most, the first of several."""
        every = ((day, hour) for day in range(7) for hour in range(24))
        return max(every, key=lambda each: self.operators[each[0]][each[1]])


@dataclass(frozen=True, slots=True)
class Report:
    """The week.

    Attributes:
        week: as ISO 8601 writes it.
        zone: the name of the time zone.
        first: its Monday.
        before: the week before; None if nothing had come in by then.
        hours: the contacts that came in.
        staffing: None if there is nothing to forecast from.
    """

    week: str
    zone: str
    first: date
    figures: Figures
    before: Figures | None
    sources: Sequence[SourceWeek]
    hours: Hours
    forecast: Forecast | None
    staffing: Staffing | None


@dataclass(frozen=True, slots=True)
class WeekReportHandler:
    """Reports on weeks."""

    statistics: StatisticsReader
    catalogue: CatalogueReader
    waiting_times: WaitingTimesHandler
    clock: Clock

    def __call__(self, query: WeekReport) -> Report:
        """Report on a week.

        Raises:
            InvalidValue: there is no such week, or it has not begun.
        """
        monday = self._monday(query)
        begin, end = _midnight(monday, query.zone), _midnight(_later(monday), query.zone)
        earlier = [_midnight(_later(monday, -back), query.zone) for back in range(1, _WEEKS + 3)]
        span, span_before = _span(begin, end), _span(earlier[0], begin)
        counts = self.statistics.by_hour(source=None, span=HourSpan(_hour(earlier[-1]), span.until))
        shown = self.statistics.distribution(sources=None, span=span)
        shown_before = self.statistics.distribution(sources=None, span=span_before)
        waits = {each.source: each for each in self.waiting_times(shown, span)}
        figures = Figures.of(sum(each.total for each in shown), list(waits.values()))
        totals = {each.source: each.total for each in shown_before}
        names = {
            each.key: each.name for each in self.catalogue.sources(limit=_MOST, after=None).items
        }
        weeks = [
            _by_weekday(counts, first, last, query.zone)
            for first, last in zip([begin, *earlier], [end, begin, *earlier], strict=False)
        ]
        # A week that is not over says little of those to come.
        is_over = end <= self.clock.now()
        forecast = _forecast(weeks if is_over else weeks[1:])
        return Report(
            _name(monday),
            str(query.zone),
            monday,
            figures,
            Figures.of(sum(totals.values()), self.waiting_times(shown_before, span_before))
            if any(totals.values())
            else None,
            [
                SourceWeek(
                    names.get(each.source, each.source),
                    Figures.of(each.total, [waits[each.source]] if each.source in waits else []),
                    totals.get(each.source, 0),
                    each,
                )
                for each in shown
            ],
            weeks[0],
            forecast,
            self._staffing(forecast, list(waits.values())),
        )

    def _monday(self, query: WeekReport) -> date:
        today = self.clock.now().astimezone(query.zone).date()
        this = today - timedelta(days=today.weekday())
        if query.week is None:
            return _later(this, -1)
        year, mark, number = query.week.partition("-W")
        try:
            monday = date.fromisocalendar(int(year), int(number), 1)
        except ValueError:
            mark = ""
        if not mark or query.week != _name(monday):
            raise InvalidValue("there is no such week; write it as 2026-W48.", field="week")
        if monday > this:
            raise InvalidValue("this week has not begun.", field="week")
        return monday

    def _staffing(self, forecast: Forecast | None, waits: Sequence[SourceWaits]) -> Staffing | None:
        handling = list(chain.from_iterable(each.handling for each in waits))
        operators = self.catalogue.operators(active=None, limit=_MOST, after=None).items
        capacities = [each.capacity for each in operators if each.capacity]
        if forecast is None or not handling or not capacities:
            return None
        took, at_a_time = max(fmean(handling), 1.0), int(median(capacities))
        return Staffing(
            [
                [
                    operators_needed(each * took / 3600, WITHIN / took, SHARE, at_a_time)
                    for each in day
                ]
                for day in forecast.hours
            ],
            took,
            at_a_time,
        )


def _forecast(weeks: Sequence[Hours]) -> Forecast | None:
    """Forecast the week after the first of these, which are the newest first."""
    known = [any(map(any, each)) for each in weeks]
    # The week in which the first contact came is not a whole one.
    usable = [
        week
        for week, is_known, follows in zip(weeks, known, known[1:], strict=False)
        if is_known and follows
    ] or [week for week, is_known in zip(weeks, known, strict=True) if is_known]
    if not usable:
        return None
    recent, older = usable[:_WEEKS], usable[1 : _WEEKS + 1]
    said = sum(sum(map(sum, each)) for each in older) / len(older) if older else None
    return Forecast(
        [[fmean(week[day][hour] for week in recent) for hour in range(24)] for day in range(7)],
        len(recent),
        said,
    )


def _by_weekday(
    counts: Mapping[int, int], begin: datetime, end: datetime, zone: tzinfo
) -> list[list[float]]:
    """Spread counts over the hours of a week; an hour that comes twice has the contacts of both."""
    found = [[0.0] * 24 for _ in range(7)]
    for hour in range(_hour(begin), _hour(end)):
        if hour in counts:
            # Some zones are half an hour off: what counts is where most of the hour is.
            local = (_EPOCH + (hour + 0.5) * _HOUR).astimezone(zone)
            found[local.weekday()][local.hour] += counts[hour]
    return found


def _span(begin: datetime, end: datetime) -> HourSpan:
    return HourSpan(_hour(begin), _hour(end))


def _hour(moment: datetime) -> int:
    """Return the hour since 1970 that a moment is in; some zones begin their days within one."""
    return (moment - _EPOCH) // _HOUR


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _later(day: date, weeks: int = 1) -> date:
    return day + timedelta(weeks=weeks)


def _name(monday: date) -> str:
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02}"
