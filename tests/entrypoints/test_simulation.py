"""The simulation agrees with Erlang's formula where the formula's assumptions hold."""

import math

import pytest

from application.report import WITHIN, Times
from domain.staffing import answered_within
from entrypoints.simulation import share_within

# Nearly exponential: its mean is 1.3 times its median, and its ninth decile 2.5 times.
TOOK = Times(600, 1500, 0)
_SPREAD = math.log(TOOK.ninth / TOOK.half) / 1.2815515655446004
MEAN = TOOK.half * math.exp(_SPREAD**2 / 2)


@pytest.mark.parametrize(("per_hour", "operators"), [(60, 4), (60, 5), (20, 2)])
def test_the_share_in_time_is_what_the_formula_says(per_hour: float, operators: int) -> None:
    expected = answered_within(operators * 4, per_hour * MEAN / 3600, WITHIN / MEAN)
    assert share_within(per_hour, TOOK, operators, 4) == pytest.approx(expected, abs=0.08)


def test_too_few_operators_answer_hardly_anybody_in_time() -> None:
    assert share_within(60, TOOK, 3, 4) < 0.1


def test_the_same_seed_gives_the_same_share() -> None:
    assert share_within(20, TOOK, 2, 4, seed=7) == share_within(20, TOOK, 2, 4, seed=7)
