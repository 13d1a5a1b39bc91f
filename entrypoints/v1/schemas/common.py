"""What the schemas of v1 share: texts, keys and numbers with the limits of the domain."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StringConstraints

from domain import limits

# The domain trims and counts again; these constraints are in the OpenAPI document.
Text = Annotated[
    str,
    StringConstraints(min_length=1, max_length=limits.MAX_TEXT, strip_whitespace=True),
    # More than white space. The patterns of a document are JavaScript's, which count less as white
    # space than is trimmed.
    Field(json_schema_extra={"pattern": r"[^\s\u001c-\u001f\u0085]"}),
]
SourceKey = Annotated[str, Field(pattern=limits.KEY, examples=["telegram-sales"])]
OperatorKey = Annotated[str, Field(pattern=limits.KEY, examples=["anna-petrova"])]
OPERATOR_NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
"""An id, in lower or upper case, or a key."""
OperatorName = Annotated[
    str,
    Field(
        pattern=OPERATOR_NAME,
        description="The operator's id or its key.",
        examples=["anna-petrova", "0199d7a4-5f27-7c3b-8c51-2f6d1f0a9b01"],
    ),
]
IdentityKind = Annotated[str, Field(pattern=limits.IDENTITY_KIND)]
Capacity = Annotated[
    StrictInt,
    Field(
        ge=0,
        le=limits.MAX_CAPACITY,
        description="The maximum number of open contacts at the same time.",
    ),
]
Weight = Annotated[StrictInt, Field(ge=0, le=limits.MAX_WEIGHT)]


class Body(BaseModel):
    """A request body; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class Shown(BaseModel):
    """A response body, filled from a view."""

    model_config = ConfigDict(from_attributes=True)
