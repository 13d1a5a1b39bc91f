"""Sources and allocations in requests and responses."""

from collections.abc import Sequence

from pydantic import MISSING, BaseModel, ConfigDict, Field

from application.ports.sources import SourceView
from domain import limits
from domain.strategy import Strategy
from entrypoints.v1.schemas.common import Body, OperatorName, SourceKey, Text, Weight


class NewSource(Body):
    """A source to create."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"key": "telegram-sales", "name": "Telegram, sales"}]}
    )

    key: SourceKey
    name: Text | None = None
    strategy: Strategy = Strategy.EXACT


class SourceChange(Body):
    """What to change; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"strategy": "random"}]})

    name: Text | MISSING = MISSING
    strategy: Strategy | MISSING = MISSING


class NewAllocation(Body):
    """An operator's weight."""

    operator_id: OperatorName
    weight: Weight


class NewAllocations(Body):
    """The whole set of a source's allocations."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "allocations": [
                        {"operator_id": "0199d7a4-5f27-7c3b-8c51-2f6d1f0a9b01", "weight": 10},
                        {"operator_id": "0199d7a4-5f31-7d02-a1d4-93c0b7e52c02", "weight": 30},
                    ]
                }
            ]
        }
    )

    allocations: list[NewAllocation] = Field(max_length=limits.MAX_ALLOCATIONS)


class NewWeight(Body):
    """One operator's weight; 0 keeps it on the source and sends it nothing."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"weight": 20}]})

    weight: Weight


class SourcePage(BaseModel):
    """A page of sources."""

    items: Sequence[SourceView]
    next_cursor: str | None
