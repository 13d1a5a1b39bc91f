"""Statistics in responses."""

from datetime import datetime

from pydantic import BaseModel, Field

from application.ports.statistics import OperatorStatistics
from entrypoints.v1.schemas.common import OperatorRefOut, Shown


class OperatorShareOut(Shown):
    """What an operator should get of a source, and what it got."""

    operator: OperatorRefOut
    weight: int
    target_share: float
    contacts: int
    actual_share: float | None


class SourceDistributionOut(Shown):
    """What happened on one source."""

    source: str
    total: int = Field(description="Contacts that came in during the period.")
    waiting: int = Field(description="Contacts that wait now.")
    operators: list[OperatorShareOut]


class DistributionOut(BaseModel):
    """What happened, by source; the period is in whole hours."""

    since: datetime | None
    until: datetime | None
    sources: list[SourceDistributionOut]


class OperatorStatisticsOut(BaseModel):
    """An operator's load, and the contacts that pickers gave it, by source."""

    operator: OperatorRefOut
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
            operator=OperatorRefOut(id=operator.id, name=operator.name),
            active=operator.active,
            load=operator.load,
            capacity=operator.capacity,
            utilisation=view.utilisation,
            contacts=dict(view.contacts),
        )


class OperatorsStatisticsOut(BaseModel):
    """Every operator's statistics."""

    items: list[OperatorStatisticsOut]
