"""Operators in requests and responses."""

from collections.abc import Sequence
from uuid import UUID

from pydantic import MISSING, BaseModel, ConfigDict, Field, StrictBool

from application.ports.operators import OperatorView
from entrypoints.v1.schemas.common import Body, Capacity, OperatorKey, Text


class NewOperator(Body):
    """An operator to create."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Anna", "capacity": 5}]})

    name: Text
    capacity: Capacity
    active: StrictBool = True
    key: OperatorKey | None = Field(
        default=None, description="Made from the name if not given. It never changes."
    )


class OperatorChange(Body):
    """What to change; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"active": False}]})

    name: Text | MISSING = MISSING
    capacity: Capacity | MISSING = MISSING
    active: StrictBool | MISSING = MISSING


class OperatorPage(BaseModel):
    """A page of operators."""

    items: Sequence[OperatorView]
    next_cursor: UUID | None
