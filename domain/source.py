"""A source: a channel or bot, with the operators that answer it and their weights."""

from bisect import insort
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b

from domain import limits
from domain.account import Moved
from domain.decision import Candidate
from domain.errors import DuplicateOperator, InvalidValue
from domain.ids import OperatorId
from domain.operator import Operator
from domain.strategy import Strategy


@dataclass(slots=True)
class Allocation:
    """An operator's weight on one source, and what the `exact` picker owes it.

    Attributes:
        weight: 0 to 1,000,000; 0 keeps the row but sends nothing.
        credit: in units of 1/CONTACT of a contact; see `domain.picker`.
        booked: the credit as of the last booking, less whatever a picker that pays nothing has
            granted since: the operator's account has moved by `credit - booked`.
        while_full, while_unavailable: see `domain.account.Moved`; since the last booking.
    """

    operator_id: OperatorId
    weight: int
    credit: int = 0
    booked: int = 0
    while_full: int = 0
    while_unavailable: int = 0

    @property
    def moved(self) -> Moved:
        """What the operator's account has moved by since the last booking."""
        return Moved(self.credit - self.booked, self.while_full, self.while_unavailable)

    def book(self) -> None:
        """Begin the account anew."""
        self.booked = self.credit
        self.while_full = self.while_unavailable = 0


def candidates(
    allocations: Iterable[Allocation], operators: Mapping[OperatorId, Operator]
) -> list[Candidate]:
    """Return allocated operators as they stand, in the order given."""
    result = []
    for each in allocations:
        operator = operators[each.operator_id]
        result.append(
            Candidate(
                operator.id,
                each.weight,
                operator.availability,
                operator.load,
                operator.capacity,
                each.credit,
            )
        )
    return result


def require_allocatable(number: int, field: str) -> None:
    """Raise InvalidValue if so many allocations are more than a source can have."""
    if number > limits.MAX_ALLOCATIONS:
        raise InvalidValue(
            f"a source has at most {limits.MAX_ALLOCATIONS} allocations.", field=field
        )


def _turn(source_key: str, operator_id: OperatorId) -> bytes:
    return blake2b(operator_id.bytes, key=source_key.encode(), digest_size=16).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceChange:
    """What to change about a source; None leaves a value as it is."""

    name: str | None = None
    strategy: Strategy | None = None


@dataclass(slots=True)
class Source:
    """A source as it stands.

    Attributes:
        allocations: in the order of their operators' ids; their credits sum to 0.
        waiting: the number of contacts of this source that wait for an operator.
        hour: that of the last pick, since 1970 in UTC; what accounts have moved by since they were
            booked belongs to it.
        accounted_from: the first hour of which it is known what operators were entitled to.
    """

    key: str
    name: str
    strategy: Strategy
    created_at: datetime
    allocations: list[Allocation] = field(default_factory=list)
    waiting: int = 0
    hour: int = 0
    accounted_from: int = 0

    def __post_init__(self) -> None:
        limits.key(self.key)
        self.name = limits.short_text(self.name, "name")

    def change(self, wanted: SourceChange) -> None:
        """Make the changes wanted and leave the rest."""
        if wanted.name is not None:
            self.name = limits.short_text(wanted.name, "name")
        self.strategy = wanted.strategy or self.strategy

    def replace_allocations(self, weights: Sequence[tuple[OperatorId, int]]) -> None:
        """Replace the whole set.

        Operators that stay keep their credits, and new ones start at 0. The difference is spread
        evenly, so the credits sum to 0 again. Accounts must be booked before.

        Raises:
            DuplicateOperator: an operator is named twice.
            InvalidValue: more than 1,000 allocations, or a weight outside its range.
        """
        require_allocatable(len(weights), "allocations")
        for position, (_, weight) in enumerate(weights):
            limits.whole_number(weight, f"allocations.{position}.weight", limits.MAX_WEIGHT)
        for operator_id, times in Counter(operator_id for operator_id, _ in weights).items():
            if times > 1:
                raise DuplicateOperator(
                    f"operator {operator_id} is named {times} times; name each operator once.",
                    field="allocations",
                )
        credits = {each.operator_id: each.credit for each in self.allocations}
        self.allocations = [
            Allocation(operator_id, weight, credits.get(operator_id, 0))
            for operator_id, weight in sorted(weights)
        ]
        self._balance()

    def set_weight(self, operator_id: OperatorId, weight: int) -> None:
        """Change one operator's weight; an operator that is new here starts with a credit of 0.

        No other operator's weight or credit changes.

        Raises:
            InvalidValue: the weight is outside its range, or there are 1,000 allocations already.
        """
        limits.whole_number(weight, "weight", limits.MAX_WEIGHT)
        for each in self.allocations:
            if each.operator_id == operator_id:
                each.weight = weight
                return
        require_allocatable(len(self.allocations) + 1, "operator_id")
        insort(self.allocations, Allocation(operator_id, weight), key=lambda each: each.operator_id)

    @property
    def weights(self) -> list[tuple[OperatorId, int]]:
        """Every allocated operator with its weight."""
        return [(each.operator_id, each.weight) for each in self.allocations]

    def is_set_like(self, other: "Source") -> bool:
        """Whether people have made the same of both."""
        return (self.name, self.strategy, self.weights) == (
            other.name,
            other.strategy,
            other.weights,
        )

    def book(self) -> list[tuple[OperatorId, Moved]]:
        """Begin all accounts anew; return what each had moved by, if it had.

        What is owed sums to 0: what one operator was granted and did not get, others got.
        """
        moved = [(each.operator_id, each.moved) for each in self.allocations if any(each.moved)]
        for each in self.allocations:
            each.book()
        return moved

    def copy(self) -> "Source":
        """Return a source that shares nothing with this one."""
        return replace(self, allocations=[replace(each) for each in self.allocations])

    def in_turn(self) -> list[Allocation]:
        """Return the allocations in the order in which pickers break a tie between equals.

        The order is that of a digest of source key and operator id. By ids alone, the oldest of
        several operators with equal weights would get the first contact of every source.
        """
        return sorted(self.allocations, key=lambda each: _turn(self.key, each.operator_id))

    def _balance(self) -> None:
        if not self.allocations:
            return
        each_gives, left_over = divmod(
            sum(each.credit for each in self.allocations), len(self.allocations)
        )
        for position, allocation in enumerate(self.allocations):
            allocation.credit -= each_gives + (position < left_over)
            allocation.book()
