"""What queries show of sources and their allocations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from application.ports.versions import version_of
from domain.ids import OperatorId
from domain.source import Source
from domain.strategy import Strategy


@dataclass(frozen=True, slots=True)
class AllocationView:
    """An operator's weight on a source, and its share of all weights there, 0 to 1."""

    operator_id: OperatorId
    name: str
    weight: int
    share: float


@dataclass(frozen=True, slots=True)
class SourceView:
    """A source with its allocations in the order of operator ids.

    Attributes:
        waiting: contacts that wait for an operator.
    """

    key: str
    name: str
    strategy: Strategy
    waiting: int
    allocations: Sequence[AllocationView]
    created_at: datetime

    @property
    def version(self) -> str:
        """A text that changes when somebody changes the source or its weights.

        Its queue, its credits and its operators' names do not count.
        """
        weights = [(str(each.operator_id), each.weight) for each in self.allocations]
        return version_of(self.name, self.strategy.value, weights)

    @classmethod
    def of(cls, source: Source, names: Mapping[OperatorId, str]) -> "SourceView":
        """Show a source as it stands."""
        return cls(
            source.key,
            source.name,
            source.strategy,
            source.waiting,
            allocation_views(source.weights, names),
            source.created_at,
        )


def allocation_views(
    weights: Sequence[tuple[OperatorId, int]], names: Mapping[OperatorId, str]
) -> list[AllocationView]:
    """Show allocations, each with its target share; all shares are 0 if all weights are."""
    total = sum(weight for _, weight in weights) or 1
    return [
        AllocationView(operator_id, names[operator_id], weight, weight / total)
        for operator_id, weight in weights
    ]


@dataclass(frozen=True, slots=True)
class ServedSource:
    """A source on which an operator has an allocation: its weight and share there."""

    key: str
    name: str
    weight: int
    share: float
