"""Ids carry the time at which they were made."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from domain.ids import first_id_at, time_of
from tests.support import FakeClock, FakeIds

MOMENT = datetime(2026, 3, 2, 9, 0, 0, 123_000, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MILLISECOND = timedelta(milliseconds=1)


def id_made_at(moment: datetime) -> UUID:
    return FakeIds(FakeClock(moment)).new()


def test_the_time_of_the_example_in_the_standard_is_read() -> None:
    """RFC 9562, appendix A.6."""
    identifier = UUID("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")
    assert time_of(identifier) == datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)


def test_the_time_of_an_id_is_utc_to_the_millisecond() -> None:
    assert time_of(id_made_at(MOMENT)) == MOMENT
    assert time_of(id_made_at(MOMENT)).tzinfo is UTC


def test_the_first_id_at_a_moment_parts_what_came_before_from_the_rest() -> None:
    first = first_id_at(MOMENT)
    assert id_made_at(MOMENT - MILLISECOND) < first < id_made_at(MOMENT)
    assert time_of(first) == MOMENT


@pytest.mark.parametrize("fraction", [MICROSECOND, 500 * MICROSECOND, 999 * MICROSECOND])
def test_within_a_millisecond_the_first_id_is_of_the_next_one(fraction: timedelta) -> None:
    """An id carries the start of its millisecond, which lies before the moment asked for."""
    first = first_id_at(MOMENT + fraction)
    assert id_made_at(MOMENT) < first < id_made_at(MOMENT + MILLISECOND)
    assert time_of(first) == MOMENT + MILLISECOND


@pytest.mark.parametrize("hours", [-12, -3.5, 3, 14])
def test_a_moment_counts_whatever_its_offset(hours: float) -> None:
    there = MOMENT.astimezone(timezone(timedelta(hours=hours)))
    assert first_id_at(there) == first_id_at(MOMENT)
    assert first_id_at(there + MICROSECOND) == first_id_at(MOMENT + MILLISECOND)


def test_moments_that_no_id_can_carry_are_cut_off() -> None:
    assert first_id_at(datetime(1969, 12, 31, tzinfo=UTC)) == UUID(int=0)
    assert first_id_at(datetime.min.replace(tzinfo=UTC)) == UUID(int=0)
    last = first_id_at(datetime.max.replace(tzinfo=UTC))
    assert id_made_at(MOMENT) < last <= UUID(int=2**128 - 1)
