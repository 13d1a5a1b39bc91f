"""Pickers: a picker says which of several eligible operators gets the next contact.

All are pure functions of whole numbers. The operators come as parallel sequences; all of them are
eligible, and every weight is above zero. Of several equals, the first is picked.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import ClassVar, Final, NamedTuple, Protocol

CONTACT: Final = 10**12
"""One contact, in units of credit."""

ROLLS: Final = 2**53
"""A roll is a whole number from 0 to below this; it survives JSON, where numbers are doubles."""


class Pick(NamedTuple):
    """The position of the operator picked, and every operator's credit after the pick."""

    position: int
    credits: list[int]


class WeightedPicker(Protocol):
    """A policy that picks one of several operators by their weights.

    Attributes:
        number: stands for the picker in stored decisions; never reused for another picker.
        rolls: whether a pick needs a roll.
        pays: whether a pick moves credits by what it grants, less the contact that it gives; if
            not, credits stay as they are.
    """

    number: ClassVar[int]
    rolls: ClassVar[bool]
    pays: ClassVar[bool]

    def pick(self, weights: tuple[int, ...], credits: Sequence[int], roll: int | None) -> Pick:
        """Pick one.

        Args:
            weights: each operator's weight, above zero; at least one. A tuple, so that results
                that depend on the weights alone can be cached.
            credits: each operator's credit, in units of 1/CONTACT of a contact.
            roll: a uniformly random whole number from 0 to ROLLS - 1, for pickers that need one.
        """
        ...

    @staticmethod
    def bound(eligible: int) -> float | None:
        """Return within how many contacts of its share every operator is after every contact.

        Args:
            eligible: the number of operators that could be picked.

        Returns:
            None if the picker promises nothing.
        """
        ...


@lru_cache(maxsize=4096)
def grants_of(weights: tuple[int, ...]) -> tuple[int, ...]:
    """Split one contact by weight into whole units; any left over go to the largest remainders.

    What an operator is entitled to is the sum of what it was granted.

    Cached because the pool of a source rarely changes from one contact to the next.
    """
    total = sum(weights)
    parts = [divmod(CONTACT * weight, total) for weight in weights]
    grants = [whole for whole, _ in parts]
    by_rest = sorted(range(len(parts)), key=lambda index: -parts[index][1])
    for index in by_rest[: CONTACT - sum(grants)]:
        grants[index] += 1
    return tuple(grants)
