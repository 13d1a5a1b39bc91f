"""The picker that leaves every contact to chance."""

from collections.abc import Sequence
from typing import ClassVar

from domain.picker import ROLLS, Pick


class RandomPicker:
    """Picks by chance alone, with probability weight / sum of weights for every contact.

    A roll has 53 bits, so a probability is off by less than 2**-53 for each unit of weight.
    """

    number: ClassVar = 1
    rolls: ClassVar = True
    pays: ClassVar = False

    def pick(self, weights: tuple[int, ...], credits: Sequence[int], roll: int | None) -> Pick:
        """Pick the operator in whose interval the roll falls; see `WeightedPicker.pick`."""
        if roll is None or not 0 <= roll < ROLLS:
            raise ValueError(f"the random strategy needs a roll from 0 to {ROLLS - 1}")
        point = roll * sum(weights) // ROLLS
        for index, weight in enumerate(weights):
            point -= weight
            if point < 0:
                return Pick(index, list(credits))
        raise ValueError("there is no operator to pick from")

    @staticmethod
    def bound(eligible: int) -> None:
        """Promise nothing."""
        del eligible
