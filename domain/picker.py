"""The pickers: which of several eligible operators gets the next contact.

Both are pure functions of whole numbers. The operators come as parallel sequences in the order of
their ids, every one of them eligible, every weight above zero.
"""

from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from operator import add
from typing import Final, NamedTuple, Protocol

CONTACT: Final = 10**12
"""One contact, in units of credit."""

ROLLS: Final = 2**53
"""A roll is a whole number from 0 up to this; it survives JSON, where numbers are doubles."""


class Strategy(StrEnum):
    """How a source picks among its eligible operators."""

    EXACT = "exact"
    RANDOM = "random"


class Pick(NamedTuple):
    """The position of the operator picked, and every operator's credit after the pick."""

    position: int
    credits: list[int]


class WeightedPicker(Protocol):
    """A policy that picks one of several operators by their weights."""

    def pick(self, weights: tuple[int, ...], credits: Sequence[int], roll: int | None) -> Pick:
        """Pick one.

        Args:
            weights: each operator's weight, above zero; at least one. A tuple, so that what
                follows from the weights alone can be remembered.
            credits: each operator's credit, in units of 1/CONTACT of a contact.
            roll: a whole number drawn evenly from 0 to ROLLS - 1, for pickers that need one.
        """
        ...


class ExactPicker:
    """Tijdeman's solution of the chairman assignment problem.

    R. Tijdeman, The chairman assignment problem, Discrete Mathematics 32 (1980) 323-330. While
    pool and weights stay as they are, after every contact each operator is within
    1 - 1/(2n - 2) contacts of its exact share, n being the number of operators.
    """

    def pick(self, weights: tuple[int, ...], credits: Sequence[int], roll: int | None) -> Pick:
        """Pick the operator whose next contact is due first; see `WeightedPicker.pick`."""
        del roll
        grown = list(map(add, credits, _grants(weights)))
        index = _due_first(weights, grown)
        grown[index] -= CONTACT
        return Pick(index, grown)


class RandomPicker:
    """Each contact by chance alone: probability weight / sum of weights.

    A roll has 53 bits, so a probability is off by less than 2**-53 for each unit of weight.
    """

    def pick(self, weights: tuple[int, ...], credits: Sequence[int], roll: int | None) -> Pick:
        """Pick the operator on whose stretch the roll falls; see `WeightedPicker.pick`."""
        if roll is None or not 0 <= roll < ROLLS:
            raise ValueError(f"the random strategy needs a roll from 0 to {ROLLS - 1}")
        point = roll * sum(weights) // ROLLS
        for index, weight in enumerate(weights):
            point -= weight
            if point < 0:
                return Pick(index, list(credits))
        raise ValueError("there is nobody to pick from")


PICKERS: Final[dict[Strategy, WeightedPicker]] = {
    Strategy.EXACT: ExactPicker(),
    Strategy.RANDOM: RandomPicker(),
}


@lru_cache(maxsize=4096)
def _grants(weights: tuple[int, ...]) -> tuple[int, ...]:
    """Split one contact by weight into whole units; what is left over goes to the largest rests.

    Cached because the pool of a source seldom changes from one contact to the next.
    """
    total = sum(weights)
    parts = [divmod(CONTACT * weight, total) for weight in weights]
    grants = [whole for whole, _ in parts]
    by_rest = sorted(range(len(parts)), key=lambda index: -parts[index][1])
    for index in by_rest[: CONTACT - sum(grants)]:
        grants[index] += 1
    return tuple(grants)


def _due_first(weights: Sequence[int], grown: Sequence[int]) -> int:
    """Apply Tijdeman's rule to the credits as they are after growing.

    Of those with credit >= 1/(2n - 2) the one with the smallest (1 - 1/(2n - 2) - credit)/weight;
    if there is none, the largest credit; on a tie the one that comes first. Everything is
    multiplied out by 2n - 2 and by the weights, so no rounding can turn a comparison.

    The largest credit goes first, too, if it is above 1 - 1/(2n - 2). In a pool that stays as it is
    at most one can be, and the rule picks it anyway; where operators come and go there can be
    several, of which the rule would serve small weights first and leave the others owed. See
    docs/decisions/0006-overdue-operators-first.md.
    """
    count = len(weights)
    if count == 1:
        return 0
    scale = 2 * count - 2
    ceiling = (scale - 1) * CONTACT
    largest = max(grown)
    if not CONTACT <= largest * scale <= ceiling:
        return grown.index(largest)
    least = -(-CONTACT // scale)
    # As slack/weight this is infinite, so the first that is due comes before it.
    best, best_slack, best_weight = 0, 1, 0
    for index, credit in enumerate(grown):
        if credit >= least:
            slack, weight = ceiling - credit * scale, weights[index]
            if slack * best_weight < best_slack * weight:
                best, best_slack, best_weight = index, slack, weight
    return best
