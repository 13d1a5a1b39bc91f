"""Erlang's formula, against his own definition and published values."""

from fractions import Fraction
from math import factorial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.staffing import answered_within, operators_needed, waits


def by_definition(servers: int, offered: Fraction) -> Fraction:
    """Erlang C as it is written in textbooks; exact, and too slow for more than a few servers."""
    last = offered**servers / factorial(servers) * servers / (servers - offered)
    return last / (sum(offered**n / factorial(n) for n in range(servers)) + last)


@given(st.integers(1, 40), st.integers(1, 99))
def test_the_share_that_waits_is_that_of_the_definition(servers: int, percent: int) -> None:
    offered = Fraction(servers * percent, 100)
    assert waits(servers, float(offered)) == pytest.approx(float(by_definition(servers, offered)))


def test_values_that_textbooks_print() -> None:
    # One server waits for its load; with two and a load of one, a third of the contacts wait.
    assert waits(1, 0.75) == pytest.approx(0.75)
    assert waits(2, 1.0) == pytest.approx(1 / 3)
    # 100 calls in half an hour of 3 minutes each, 14 agents: 88.8 % within 20 s.
    assert answered_within(14, 10.0, 20 / 180) == pytest.approx(0.888, abs=5e-4)


def test_large_companies_stay_within_floats() -> None:
    assert 0 < waits(20_000, 19_900.0) < 1
    assert operators_needed(19_900.0, 0.1, 0.9, 1) < 20_100


def test_a_capacity_of_a_million_takes_no_million_steps() -> None:
    assert operators_needed(3.0, 0.1, 0.9, 1_000_000) == 1
    assert waits(10**12, 50.0) == 0.0


def test_a_queue_that_only_grows_answers_nobody_in_time() -> None:
    assert (waits(3, 3.0), answered_within(3, 3.0, 1.0)) == (1.0, 0.0)
    assert (waits(3, 0.0), answered_within(3, 0.0, 0.0)) == (0.0, 1.0)
    assert operators_needed(0.0, 0.1, 0.9, 5) == 0


@given(st.floats(0.01, 300), st.floats(0, 2), st.floats(0.1, 0.99), st.integers(1, 9))
def test_the_operators_needed_are_the_fewest(
    offered: float, patience: float, share: float, at_a_time: int
) -> None:
    number = operators_needed(offered, patience, share, at_a_time)
    assert answered_within(number * at_a_time, offered, patience) >= share
    assert number == 1 or answered_within((number - 1) * at_a_time, offered, patience) < share
