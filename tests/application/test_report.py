"""The report of a week, against a slow and obvious recomputation."""

from datetime import UTC, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

import pytest

from application.contacts import CloseContact
from application.ports.contacts import ContactFilter
from application.report import WeekReport
from domain.errors import InvalidValue
from tests.support import World

MONDAY = datetime(2026, 3, 30, tzinfo=UTC)
"""Of the week 2026-W14; the clocks of Berlin are put forward the day before."""
UTC_ZONE = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")


def register_at(world: World, moment: datetime, source: str = "telegram") -> str:
    world.clock.moment = moment
    return str(world.register(source).id)


def test_a_week_is_counted_by_day_and_hour(world: World) -> None:
    ann = world.operator("Ann", 2)
    world.source((ann, 1))
    world.source(key="vk")
    for hours in (0, 0, 9, 24 * 6 + 23):
        register_at(world, MONDAY + timedelta(hours=hours, minutes=59))
    register_at(world, MONDAY - timedelta(minutes=1))
    register_at(world, MONDAY + timedelta(days=7), "vk")
    world.clock.moment = MONDAY + timedelta(days=8)
    report = world.fairlead.week_report(WeekReport("2026-W14", UTC_ZONE))
    assert (report.week, report.first) == ("2026-W14", MONDAY.date())
    assert report == world.fairlead.week_report(WeekReport(None, UTC_ZONE))
    assert report.figures.contacts == 4
    assert report.before is not None
    assert report.before.contacts == 1
    assert (report.hours[0][0], report.hours[0][9], report.hours[6][23]) == (2, 1, 1)
    assert sum(map(sum, report.hours)) == 4
    assert [(each.name, each.figures.contacts, each.before) for each in report.sources] == [
        ("telegram", 4, 1),
        ("vk", 0, 0),
    ]


def test_days_and_hours_are_those_of_the_zone(world: World) -> None:
    world.source()
    # In Berlin the week 2026-W13 ends with a day of 23 hours.
    sunday = datetime(2026, 3, 29, tzinfo=BERLIN)
    for moment in (
        sunday,
        sunday + timedelta(hours=1),
        datetime(2026, 3, 29, 23, 59, tzinfo=BERLIN),
    ):
        register_at(world, moment.astimezone(UTC))
    register_at(world, datetime(2026, 3, 29, 1, 30, tzinfo=UTC))
    world.clock.moment = MONDAY + timedelta(days=9)
    report = world.fairlead.week_report(WeekReport("2026-W13", BERLIN))
    assert report.figures.contacts == 4
    assert [report.hours[6][hour] for hour in (0, 1, 2, 3, 23)] == [1, 1, 0, 1, 1]


def test_a_zone_that_is_half_an_hour_off_loses_and_doubles_nothing(world: World) -> None:
    world.source()
    kolkata = ZoneInfo("Asia/Kolkata")
    for hour in range(-1, 7 * 24 + 1):
        register_at(world, datetime(2026, 3, 30, 0, 5, tzinfo=kolkata) + timedelta(hours=hour))
    world.clock.moment = MONDAY + timedelta(days=9)
    report = world.fairlead.week_report(WeekReport("2026-W14", kolkata))
    assert all(each == 1 for day in report.hours for each in day)
    assert report.figures.contacts == 7 * 24


def test_waits_and_times_are_those_of_its_contacts(world: World) -> None:
    ann = world.operator("Ann", 1)
    world.source((ann, 1))
    first = register_at(world, MONDAY)
    second = register_at(world, MONDAY + timedelta(minutes=10))
    contacts = world.fairlead.contacts
    for contact_id, minutes in ((first, 30), (second, 100)):
        world.clock.moment = MONDAY + timedelta(minutes=minutes)
        (open_contact,) = (
            each
            for each in contacts.contacts(ContactFilter(), limit=9, after=None).items
            if str(each.id) == contact_id
        )
        world.fairlead.close_contact(CloseContact(open_contact.id))
    world.clock.moment = MONDAY + timedelta(days=8)
    figures = world.fairlead.week_report(WeekReport("2026-W14", UTC_ZONE)).figures
    assert figures.at_once == 0.5
    assert figures.waited is not None
    assert figures.took is not None
    assert (figures.waited.half, figures.waited.longest) == (median([0, 20 * 60]), 20 * 60)
    assert (figures.took.half, figures.took.longest) == (median([30 * 60, 70 * 60]), 70 * 60)


def test_a_forecast_is_the_mean_of_four_weeks_and_says_how_good_it_was(world: World) -> None:
    world.source()
    # In the week of the first contact, which is not a whole one, and in five more.
    register_at(world, MONDAY - timedelta(days=36))
    for back, contacts in ((5, 9), (4, 1), (3, 2), (2, 3), (1, 4), (0, 7)):
        for _ in range(contacts):
            register_at(world, MONDAY - timedelta(weeks=back) + timedelta(hours=30))
    world.clock.moment = MONDAY + timedelta(days=7)
    forecast = world.fairlead.week_report(WeekReport(None, UTC_ZONE)).forecast
    assert forecast is not None
    assert forecast.weeks == 4
    assert forecast.hours[1][6] == forecast.total == (2 + 3 + 4 + 7) / 4
    assert forecast.said == (1 + 2 + 3 + 4) / 4


def test_a_week_that_is_not_over_is_no_measure(world: World) -> None:
    world.source()
    for week in (-2, -1):
        register_at(world, MONDAY + timedelta(weeks=week))
    for minutes in range(9):
        register_at(world, MONDAY + timedelta(minutes=minutes))
    report = world.fairlead.week_report(WeekReport("2026-W14", UTC_ZONE))
    assert report.figures.contacts == 9
    assert report.forecast is not None
    assert (report.forecast.total, report.forecast.weeks) == (1, 1)


def test_operators_are_needed_for_what_comes_and_what_it_takes(world: World) -> None:
    ann = world.operator("Ann", 4)
    world.source((ann, 1))
    for number in range(20):
        contact = register_at(world, MONDAY + timedelta(hours=9, minutes=3 * number))
        world.clock.advance(minutes=2)
        found = world.fairlead.contacts.contacts(ContactFilter(), limit=1, after=None).items[0]
        assert str(found.id) == contact
        world.fairlead.close_contact(CloseContact(found.id))
    world.clock.moment = MONDAY + timedelta(days=8)
    staffing = world.fairlead.week_report(WeekReport(None, UTC_ZONE)).staffing
    assert staffing is not None
    assert (staffing.took, staffing.at_a_time, staffing.peak) == (120, 4, (0, 9))
    # 20 an hour of two minutes each keep two thirds of a slot busy.
    assert staffing.operators[0][9] == 1
    assert sum(map(sum, staffing.operators)) == 1


def test_an_empty_company_has_nothing_to_forecast(world: World) -> None:
    report = world.fairlead.week_report(WeekReport(None, UTC_ZONE))
    assert (report.before, report.forecast, report.staffing) == (None, None, None)
    assert (report.figures.contacts, report.figures.waited, report.sources) == (0, None, [])


@pytest.mark.parametrize(
    "week", ["2026-W54", "2026-W00", "2026-14", "W14", "x", "2026-W1", "2099-W01", "0000-W01", "-W"]
)
def test_a_week_that_is_none_is_refused(world: World, week: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        world.fairlead.week_report(WeekReport(week, UTC_ZONE))
    assert refusal.value.field == "week"
