"""Time, ids and randomness from the operating system."""

import itertools
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

import pytest

from adapters.system import ClockIds, SystemClock, SystemIds, SystemRolls
from domain.ids import first_id_at, time_of
from domain.picker import ROLLS
from tests.support import START, FakeClock

MILLISECOND = timedelta(milliseconds=1)


def test_ids_only_grow() -> None:
    ids = SystemIds(SystemClock())
    made = [ids.new() for _ in range(50_000)]
    assert all(earlier < later for earlier, later in itertools.pairwise(made))


def test_ids_are_of_version_7_and_plain_uuids() -> None:
    made = SystemIds(SystemClock()).new()
    assert (type(made), made.version, made.variant) == (UUID, 7, RFC_4122)


def test_an_id_carries_the_time_at_which_it_was_made() -> None:
    clock = SystemClock()
    ids = SystemIds(clock)
    before = clock.now()
    made = ids.new()
    after = clock.now()
    # The generator may run ahead by the milliseconds that its counter overflowed into.
    assert before - MILLISECOND <= time_of(made) <= after + 10 * MILLISECOND
    assert first_id_at(before - MILLISECOND) < made


def test_ids_of_many_threads_are_all_different_and_grow_in_each() -> None:
    ids, made = SystemIds(SystemClock()), []

    def work() -> None:
        made.append([ids.new() for _ in range(5000)])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({each for some in made for each in some}) == 40_000
    assert all(some == sorted(some) for some in made)


def test_the_clock_tells_utc_to_the_millisecond() -> None:
    before = datetime.now(UTC)
    moments = [SystemClock().now() for _ in range(1000)]
    assert before - MILLISECOND < moments[0] <= moments[-1] <= datetime.now(UTC)
    assert {each.tzinfo for each in moments} == {UTC}
    assert all(each.microsecond % 1000 == 0 for each in moments)


@dataclass
class Set:
    """A clock that can be set wrong by some seconds, compared with one that cannot be set."""

    wrong: float = 0.0

    def wall(self) -> int:
        return time.time_ns() + round(self.wrong * 1e9)

    def clock(self) -> SystemClock:
        return SystemClock(self.wall)


@pytest.mark.parametrize("moves", [[0.4, 0.8, 1.2, 1.6, 0.9], [-0.9, 0.0, 0.9]])
def test_a_clock_that_is_slowed_down_or_sped_up_has_not_jumped(moves: list[float]) -> None:
    by = Set()
    clock = by.clock()
    for by.wrong in moves:
        clock.now()
    assert (clock.jumps, clock.corrections) == (0, 0)


@pytest.mark.parametrize(
    ("moves", "jumps", "corrections"),
    [
        ([3600], 1, 0),
        ([-3600, -3600], 1, 0),
        ([-3600, 0], 2, 0),
        ([86_400, 86_400, 0], 2, 1),
        ([86_400, 100, 0], 3, 2),
        ([-60, 60, 0, 60, 0], 5, 2),
    ],
)
def test_a_clock_that_jumps_is_found_out_and_so_is_its_correction(
    moves: list[float], jumps: int, corrections: int, caplog: pytest.LogCaptureFixture
) -> None:
    by = Set()
    clock = by.clock()
    for by.wrong in moves:
        clock.now()
    assert (clock.jumps, clock.corrections) == (jumps, corrections)
    assert sum("jumped" in each for each in caplog.messages) == jumps
    assert sum("had been ahead" in each for each in caplog.messages) == corrections


def test_a_system_without_a_clock_of_the_time_since_it_booted_has_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_: int) -> int:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(time, "clock_gettime_ns", refuse)
    clock = SystemClock()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=10)
    assert clock.jumps == 0


def test_ids_begin_anew_once_a_clock_that_was_ahead_is_right_again() -> None:
    by = Set()
    clock = by.clock()
    ids = SystemIds(clock)
    by.wrong = 86_400
    clock.now()
    by.wrong = 0
    right = clock.now()
    made = [ids.new() for _ in range(1000)]
    assert made == sorted(set(made))
    assert right <= time_of(made[0]) < right + timedelta(seconds=10)
    assert {each.version for each in made} == {7}
    # Other processes may be corrected in the same millisecond.
    assert not {each.int & ((1 << 62) - 1) for each in made} & {
        SystemIds(clock).new().int & ((1 << 62) - 1) for _ in range(100)
    }


def test_ids_of_a_clock_that_was_ahead_begin_anew_and_then_grow() -> None:
    clock = FakeClock()
    ids = ClockIds(clock)
    clock.advance(hours=24)
    ahead = ids.new()
    clock.advance(hours=-24)
    assert ids.new() > ahead
    clock.corrections += 1
    made = [ids.new() for _ in range(100)]
    assert time_of(made[0]) == clock.now()
    assert made == sorted(set(made))


def test_rolls_are_whole_numbers_within_their_range() -> None:
    rolls = [SystemRolls()() for _ in range(2000)]
    assert {type(each) for each in rolls} == {int}
    assert all(0 <= each < ROLLS for each in rolls)
    # All 2,000 rolls miss a given half of the range with a probability of 2**-2000.
    assert min(rolls) < ROLLS // 2 <= max(rolls)
    assert len(set(rolls)) > 1990


def test_ids_of_a_simulation_grow_and_carry_its_time() -> None:
    clock = FakeClock()
    ids = ClockIds(clock)
    made = []
    for step in (0, 0, 1, 5, 0):
        made += [ids.new() for _ in range(100)]
        assert time_of(made[-1]) == clock.now()
        clock.moment += timedelta(milliseconds=step)
    clock.moment = START - timedelta(hours=1)
    made.append(ids.new())
    assert all(earlier < later for earlier, later in itertools.pairwise(made))
    assert {each.version for each in made} == {7}
