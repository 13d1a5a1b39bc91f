"""Periods of statistics: by dates, and against the period before."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.entrypoints.consoles import House, furnished, words

FIRST = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def house() -> Iterator[House]:
    """On the first of May one contact, on the second two, and so on, until the fifth."""
    with furnished() as opened:
        for day in range(5):
            for number in range(day + 1):
                opened.world.clock.moment = FIRST + timedelta(days=day, hours=number)
                opened.world.register()
        # The page's own clock is the machine's, which is later.
        yield opened


def told(house: House, query: str) -> str:
    return words(house.look(f"/statistics?{query}"))


def test_dates_are_whole_days_and_take_the_place_of_the_period(house: House) -> None:
    text = told(house, "since=2026-05-02&until=2026-05-03&period=day")
    assert "5 contacts, +150.0% against the period before" not in text
    assert "5 contacts, +400.0% against the period before" in text
    assert "The dates count, not the period." in text
    assert "5 contacts" in told(house, "since=2026-05-05")
    assert "against" not in told(house, "until=2026-05-02")
    assert "The dates count" not in told(house, "period=all")


def test_files_and_charts_are_of_the_same_period(house: House) -> None:
    query = "since=2026-05-02&until=2026-05-03&source=telegram"
    page = house.look(f"/statistics?{query}")
    assert page.count("since=2026-05-02&amp;until=2026-05-03") >= 4
    hours = house.client.get(f"/console/statistics/hours.json?{query}").json()
    assert sum(hours["contacts"]) == 5
    text = house.client.get(f"/console/statistics/waits.csv?{query}").text
    _, row = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    assert row[:2] == ["telegram", "5"]


@pytest.mark.parametrize("query", ["since=2026-02-30", "until=x", "since=2026-5-1", "period=year"])
def test_a_date_that_is_none_is_refused(house: House, query: str) -> None:
    for path in ("/statistics", "/statistics/hours.csv", "/statistics/hours.json"):
        assert house.client.get(f"/console{path}?{query}").status_code == 422


def test_the_first_and_the_last_date_there_are_do_no_harm(house: House) -> None:
    client = house.client
    for path in ("/statistics", "/statistics/hours.csv", "/contacts", "/contacts/contacts.csv"):
        for query, status in (
            ("since=0001-01-01", 200),
            ("since=9999-12-31", 200),
            ("until=0001-01-01", 200),
            ("until=9999-12-30", 200),
            ("until=9999-12-31", 422),
        ):
            assert client.get(f"/console{path}?{query}").status_code == status, (path, query)
    hours = client.get("/console/statistics/hours.json?since=0001-01-01").json()
    # Seventeen million hours came before the first contact.
    assert sum(hours["contacts"]) == 16
    assert len(hours["x"]) < 100 * 24


def test_a_period_that_ends_before_it_begins_is_empty(house: House) -> None:
    assert "No contact in this period." in told(house, "since=2026-05-03&until=2026-05-01")
