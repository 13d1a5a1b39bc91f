"""Whether operators got what they were entitled to."""

import math
import random
from collections import Counter

import pytest

from domain.conformity import STRAYS_BELOW, Verdict, _tail, p_value, verdict


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 5, 9, 30, 31])
def test_the_tail_is_the_integral_of_the_density(degrees: int) -> None:
    """The density, times a constant, summed in small steps."""

    def density(x: float) -> float:
        # In the variable sqrt(x), in which the density of one degree is finite at 0.
        return float(x ** (degrees - 1) * math.exp(-x * x / 2))

    step = 0.001
    heights = [density((number + 0.5) * step) for number in range(20_000)]
    whole = math.fsum(heights)
    for value in (0.1, 1.0, degrees / 2, float(degrees), 2.0 * degrees, 60.0):
        beyond = math.fsum(heights[round(math.sqrt(value) / step) :]) / whole
        assert _tail(value, degrees) == pytest.approx(beyond, abs=0.001)


def test_a_textbook_example() -> None:
    """Throws of a die: the tabulated value for chi-square 2 with five degrees of freedom."""
    found = p_value([16, 18, 16, 14, 12, 12], [1] * 6)
    assert found == pytest.approx(0.849, abs=0.001)
    assert p_value([30, 70], [1, 3]) == pytest.approx(math.erfc(math.sqrt(2 / 3)))


def test_a_thousand_operators_can_be_told_too() -> None:
    assert p_value([50] * 1000, [1] * 1000) == 1
    far = p_value([50 + 30 * (number % 2) for number in range(1000)], [1] * 1000)
    assert far == pytest.approx(0, abs=1e-6)


def test_exact_shares_conform_perfectly() -> None:
    assert p_value([100, 300, 600], [1, 3, 6]) == pytest.approx(1, abs=0.01)


def test_chance_is_said_to_stray_about_once_in_a_hundred_times() -> None:
    chance = random.Random(3)
    strays = 0
    for _ in range(2000):
        picked = Counter(chance.choices(range(4), [1, 2, 3, 4], k=200))
        found = p_value([picked[position] for position in range(4)], [1, 2, 3, 4])
        assert found is not None
        strays += found < STRAYS_BELOW
    assert 8 <= strays <= 40


@pytest.mark.parametrize(
    ("contacts", "entitled", "said"),
    [
        ([], [], Verdict.UNKNOWN),
        ([0, 0], [0.0, 0.0], Verdict.UNKNOWN),
        ([1, 0], [0.25, 0.75], Verdict.AS_PROMISED),
        ([100, 300], [102.9, 297.1], Verdict.AS_PROMISED),
        ([100, 300], [110.0, 290.0], Verdict.BY_CHANCE),
        ([100, 300], [160.0, 240.0], Verdict.STRAYS),
        # Too few for the test, and too far off for the picker.
        ([8, 2], [3.0, 7.0], Verdict.UNKNOWN),
        # Who was entitled to nothing got something.
        ([4, 96], [0.0, 100.0], Verdict.STRAYS),
    ],
)
def test_what_is_said_of_a_source(
    contacts: list[int], entitled: list[float], said: Verdict
) -> None:
    assert verdict(contacts, entitled) is said


def test_nothing_is_likelier_than_certain() -> None:
    """Even where, by rounding, the terms add up to slightly more."""
    assert _tail(6.328603733109096, 59) == 1


@pytest.mark.parametrize("weights", [[1], [1, 1, 1]])
def test_every_operator_has_a_weight(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="zip"):
        p_value([50, 50], weights)


def test_five_contacts_for_each_are_enough() -> None:
    assert p_value([5, 5], [1, 1]) == 1


def test_too_few_contacts_tell_nothing() -> None:
    assert p_value([3, 5], [1, 1]) is None
    assert p_value([], []) is None
    assert p_value([100], [3]) is None


def test_contacts_of_somebody_without_a_weight_are_a_drift() -> None:
    assert p_value([50, 50, 1], [1, 1, 0]) == 0
    assert p_value([50, 50, 0], [1, 1, 0]) == pytest.approx(1, abs=0.01)
