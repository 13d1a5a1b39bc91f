"""The picker that keeps every share: Tijdeman's solution of the chairman assignment problem."""

from bisect import bisect_left, insort
from collections.abc import Sequence
from operator import add
from typing import ClassVar, Final

from domain.picker import CONTACT, Pick, grants_of


class ExactPicker:
    """Picks the operator whose next contact is due first.

    R. Tijdeman, The chairman assignment problem, Discrete Mathematics 32 (1980) 323-330. While
    pool and weights stay as they are, after every contact each operator is within
    1 - 1/(2n - 2) contacts of its exact share, n being the number of operators.

    A picker remembers the order in which operators are due, and goes on from there if it is given
    the very credits that it returned last. What it picks does not depend on that.
    """

    number: ClassVar = 0
    rolls: ClassVar = False
    pays: ClassVar = True

    def __init__(self) -> None:
        self._weights: tuple[int, ...] = ()
        self._grants: tuple[int, ...] = ()
        self._returned: Sequence[int] | None = None
        self._queue: _DueQueue | None = None

    def pick(self, weights: tuple[int, ...], credits: Sequence[int], roll: int | None) -> Pick:
        """Pick the operator whose next contact is due first; see `WeightedPicker.pick`."""
        del roll
        if weights is not self._weights:
            self._weights, self._grants = weights, grants_of(weights)
        grants = self._grants
        grown = list(map(add, credits, grants))
        if credits is not self._returned:
            self._queue = None
            index = _due_first(grants, grown)
        else:
            if self._queue is None or self._queue.grants is not grants:
                self._queue = _DueQueue(grants, grown)
            index = self._queue.pick(grown)
        grown[index] -= CONTACT
        self._returned = grown
        return Pick(index, grown)

    @staticmethod
    def bound(eligible: int) -> float:
        """Return 1 - 1/(2n - 2) contacts; 0 for a single operator, which gets them all."""
        return 1 - 1 / (2 * eligible - 2) if eligible > 1 else 0


def _due_first(grants: Sequence[int], grown: Sequence[int]) -> int:
    """Apply Tijdeman's rule to the credits after they have grown.

    Of the operators with credit >= 1/(2n - 2), pick the one with the smallest
    (1 - 1/(2n - 2) - credit)/weight. If there is none, pick the largest credit. On a tie, pick the
    first. Everything is multiplied out by 2n - 2 and by the weights, so rounding cannot reverse a
    comparison. The weight used is what the credit grows by: with any other, the order in which
    operators are due could change while nothing happens.

    The largest credit also goes first if it is above 1 - 1/(2n - 2). In a pool that does not
    change, at most one credit can be above it, and the rule picks that one anyway. Where operators
    come and go there can be several; of these the rule would serve small weights first and leave
    the others owed. See docs/decisions/0006-overdue-operators-first.md.
    """
    count = len(grants)
    if count == 1:
        return 0
    scale = 2 * count - 2
    ceiling = (scale - 1) * CONTACT
    largest = max(grown)
    if not CONTACT <= largest * scale <= ceiling:
        return grown.index(largest)
    least = -(-CONTACT // scale)
    # As slack/grant this is infinite, so the first operator that is due beats it.
    best, best_slack, best_grant = 0, 1, 0
    for index, credit in enumerate(grown):
        if credit >= least:
            slack, grant = ceiling - credit * scale, grants[index]
            if slack * best_grant < best_slack * grant:
                best, best_slack, best_grant = index, slack, grant
    return best


class _DueQueue:
    """`_due_first` from one pick to the next: all operators in the order in which they are due.

    While all credits grow, slack/grant shrinks by 2n - 2 per contact for every operator. So the
    order stays, except for the operator picked. A pick takes two thirds of the time with ten
    operators and a fifth with a thousand.
    """

    def __init__(self, grants: tuple[int, ...], grown: Sequence[int]) -> None:
        self.grants = grants
        self._scale = max(2 * len(grants) - 2, 1)
        self._ceiling = (self._scale - 1) * CONTACT
        self._least = -(-CONTACT // self._scale)
        self._shrunk = 0
        self._order = sorted(
            (self._due(index, credit), index) for index, credit in enumerate(grown)
        )

    def pick(self, grown: Sequence[int]) -> int:
        """Pick by credits that have grown once since the last pick."""
        _, index = self._order.pop(self._place(grown))
        insort(self._order, (self._due(index, grown[index] - CONTACT), index))
        self._shrunk += self._scale * _PARTS
        return index

    def _place(self, grown: Sequence[int]) -> int:
        """Return the place in the order of the operator to pick."""
        order, least = self._order, self._least
        if order[0][0] >= self._shrunk:  # no operator is overdue
            for place, (_, index) in enumerate(order):
                if grown[index] >= least:
                    return place
        index = grown.index(max(grown))
        return bisect_left(order, (self._due(index, grown[index]), index))

    def _due(self, index: int, credit: int) -> int:
        """Return slack/grant in whole parts of _PARTS, plus all that it has shrunk by.

        Two different fractions differ by at least one part, so rounding keeps their order.
        """
        slack = self._ceiling - credit * self._scale
        return slack * _PARTS // self.grants[index] + self._shrunk


_PARTS: Final = CONTACT**2
"""A grant is at most one contact, so the product of two is at most this."""
