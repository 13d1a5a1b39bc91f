"""Whether operators got what their weights say, with chance allowed for."""

from collections.abc import Sequence
from math import erfc, exp, lgamma, log, sqrt
from typing import Final

DRIFTS_BELOW: Final = 0.01
"""A p-value below this is called a drift: chance alone gives one in a hundred cases."""

_FEWEST: Final = 5
"""The fewest contacts each operator must be due, or the test means nothing (Cochran 1954)."""


def p_value(contacts: Sequence[int], weights: Sequence[int]) -> float | None:
    """Return the p-value of Pearson's chi-square test, 0 to 1.

    It says how often picking by chance alone, with these weights, strays from them at least as far.
    The `exact` picker strays much less, so its p-value is close to 1 while all are eligible.

    Args:
        contacts: what each operator got.
        weights: of the operators, in the same order.

    Returns:
        None if there is nothing to tell: fewer than two operators have a weight, or there are so
        few contacts that some operator was due fewer than five.
    """
    everybody = list(zip(contacts, weights, strict=True))
    if any(got and not weight for got, weight in everybody):
        return 0.0
    pairs = [(got, weight) for got, weight in everybody if weight]
    total, whole = sum(got for got, _ in pairs), sum(weight for _, weight in pairs)
    expected = [total * weight / whole for _, weight in pairs]
    if len(pairs) < 2 or min(expected) < _FEWEST:
        return None
    statistic = sum(
        (got - should) ** 2 / should for (got, _), should in zip(pairs, expected, strict=True)
    )
    return _tail(statistic, len(pairs) - 1)


def _tail(statistic: float, degrees: int) -> float:
    """Return how much of the chi-square distribution lies beyond a value.

    Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 26.4.4 and 26.4.5.
    """
    half = statistic / 2
    if half == 0:
        return 1.0
    first, tail = (0.0, 0.0) if degrees % 2 == 0 else (0.5, erfc(sqrt(half)))
    powers = [first + number for number in range(degrees // 2)]
    # In logarithms: with a thousand operators the terms would overflow a float.
    return min(1.0, tail + sum(exp(each * log(half) - lgamma(each + 1) - half) for each in powers))
