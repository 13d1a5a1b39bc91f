"""Operators in requests and responses."""

from datetime import datetime
from uuid import UUID

from pydantic import MISSING, BaseModel, ConfigDict, Field, StrictBool

from entrypoints.v1.schemas.common import Body, Capacity, OperatorKey, Shown, Text


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


class OperatorOut(Shown):
    """An operator."""

    id: UUID
    key: str
    name: str
    active: bool
    capacity: int
    load: int = Field(description="Assigned contacts that are not closed.")
    created_at: datetime


class OperatorPage(BaseModel):
    """A page of operators."""

    items: list[OperatorOut]
    next_cursor: UUID | None
