"""Statistics in responses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, Field

from application.ports.operators import OperatorRef
from application.ports.statistics import OperatorStatistics, SourceDistribution


@dataclass(frozen=True, slots=True)
class Distribution:
    """What happened, by source; the period is in whole hours."""

    since: datetime | None
    until: datetime | None
    sources: Sequence[SourceDistribution]


class OperatorStatisticsOut(BaseModel):
    """An operator's load, and the contacts that pickers gave it, by source."""

    operator: OperatorRef
    active: bool
    load: int
    capacity: int
    utilisation: float | None = Field(description="load / capacity; null if the capacity is 0.")
    contacts: dict[str, int]

    @classmethod
    def of(cls, view: OperatorStatistics) -> "OperatorStatisticsOut":
        """Show an operator's statistics."""
        operator = view.operator
        return cls(
            operator=OperatorRef(operator.id, operator.name),
            active=operator.active,
            load=operator.load,
            capacity=operator.capacity,
            utilisation=view.utilisation,
            contacts=dict(view.contacts),
        )


class OperatorsStatisticsOut(BaseModel):
    """Every operator's statistics."""

    items: list[OperatorStatisticsOut]
