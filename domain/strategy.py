"""How a source picks: every strategy with its picker."""

from enum import StrEnum
from typing import Final

from domain.exact_picker import ExactPicker
from domain.picker import WeightedPicker
from domain.random_picker import RandomPicker


class Strategy(StrEnum):
    """How a source picks among its eligible operators."""

    EXACT = "exact"
    RANDOM = "random"

    @property
    def picker(self) -> type[WeightedPicker]:
        """The class that makes a source's picker."""
        return _PICKERS[self]


_PICKERS: Final[dict[Strategy, type[WeightedPicker]]] = {
    Strategy.EXACT: ExactPicker,
    Strategy.RANDOM: RandomPicker,
}
