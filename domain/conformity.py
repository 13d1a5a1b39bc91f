"""Whether operators got what they were entitled to, with chance allowed for."""

from collections.abc import Sequence
from enum import StrEnum
from math import erfc, exp, lgamma, log, sqrt
from typing import Final

STRAYS_BELOW: Final = 0.01
"""A p-value below this is more than chance is asked to explain: alone it gives one in a hundred."""
CREDITS_ALLOW: Final = 3.0
"""Contacts by which the `exact` strategy may be off over a period.

The difference is the change of a credit. While who is eligible stays as it is, a credit stays
within one contact. Where operators come and go nothing is proven; 1.3 was the largest seen, with 2
to 40 operators toggled at random.
"""

_FEWEST: Final = 5
"""The fewest contacts each operator must be due, or the test means nothing (Cochran 1954)."""


class Verdict(StrEnum):
    """What can be said of how a source's contacts were given away."""

    AS_PROMISED = "as_promised"
    """Every operator got what it was entitled to, to a contact or two."""
    BY_CHANCE = "by_chance"
    """The differences are what chance gives."""
    STRAYS = "strays"
    """The differences are more than chance gives: contacts were given by other rules."""
    UNKNOWN = "unknown"
    """There is nothing to tell, or it is too little."""


def verdict(contacts: Sequence[int], entitled: Sequence[float]) -> Verdict:
    """Compare what operators got with what they were entitled to, in the same order."""
    if not sum(contacts):
        return Verdict.UNKNOWN
    if largest_difference(contacts, entitled) < CREDITS_ALLOW:
        return Verdict.AS_PROMISED
    likely = p_value(contacts, entitled)
    if likely is None:
        return Verdict.UNKNOWN
    return Verdict.STRAYS if likely < STRAYS_BELOW else Verdict.BY_CHANCE


def largest_difference(contacts: Sequence[int], entitled: Sequence[float]) -> float:
    """Return by how many contacts the operator that is furthest off is off."""
    pairs = zip(contacts, entitled, strict=True)
    return max((abs(got - should) for got, should in pairs), default=0.0)


def p_value(contacts: Sequence[int], weights: Sequence[float]) -> float | None:
    """Return the p-value of Pearson's chi-square test, 0 to 1.

    It says how often picking by chance alone, with these weights, strays from them at least as far.
    The `exact` picker strays much less, so its p-value is close to 1.

    Args:
        contacts: what each operator got.
        weights: of the operators, in the same order; or what each was entitled to.

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
