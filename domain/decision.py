"""A decision: who could have had a contact, who got it, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from domain.ids import OperatorId
from domain.picker import PICKERS, Strategy


class Refusal(StrEnum):
    """Why an allocated operator was not eligible."""

    INACTIVE = "inactive"
    AT_CAPACITY = "at_capacity"
    ZERO_WEIGHT = "zero_weight"


class Candidate(NamedTuple):
    """An allocated operator as it stood when the contact was assigned.

    A NamedTuple because one is made for every operator of the source at every assignment, and it
    is made in a third of the time of a frozen dataclass.
    """

    operator_id: OperatorId
    weight: int
    active: bool
    load: int
    capacity: int
    credit: int

    @property
    def refusal(self) -> Refusal | None:
        """Why this operator is not eligible; None if it is."""
        if not self.active:
            return Refusal.INACTIVE
        if self.weight == 0:
            return Refusal.ZERO_WEIGHT
        if self.load >= self.capacity:
            return Refusal.AT_CAPACITY
        return None


@dataclass(frozen=True, slots=True)
class Decision:
    """The stored reason for one assignment.

    Attributes:
        candidates: every allocated operator, in the order of ids, as it stood before the pick.
        roll: what chance gave, for `random`; None for `exact`.
    """

    strategy: Strategy
    candidates: Sequence[Candidate]
    roll: int | None
    picked: OperatorId

    def recompute(self) -> OperatorId | None:
        """Return whom the picker picks from what is stored; anyone but `picked` is a defect."""
        outcome = decide(self.strategy, self.candidates, self.roll)
        return outcome.decision.picked if outcome else None


class Outcome(NamedTuple):
    """A decision, with the position and the new credit of each operator whose credit moved."""

    decision: Decision
    credits: Sequence[tuple[int, int]]


def decide(strategy: Strategy, candidates: Sequence[Candidate], roll: int | None) -> Outcome | None:
    """Pick one of the eligible candidates; None if nobody is eligible."""
    eligible = [
        position
        for position, each in enumerate(candidates)
        if each.active and each.weight and each.load < each.capacity
    ]
    if not eligible:
        return None
    pick = PICKERS[strategy].pick(
        [candidates[position].weight for position in eligible],
        [candidates[position].credit for position in eligible],
        roll,
    )
    picked = candidates[eligible[pick.position]].operator_id
    return Outcome(
        Decision(strategy, candidates, roll, picked), list(zip(eligible, pick.credits, strict=True))
    )
