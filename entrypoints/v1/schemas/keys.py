"""API keys in requests and responses."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from application.keys import CreatedKey
from application.ports.keys import KeyView
from domain.access import ApiKey, Role
from entrypoints.edge.pages import Moment
from entrypoints.v1.schemas.common import Body, Shown, SourceKey, Text


class NewKey(Body):
    """A key to make."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"role": "intake", "source": "telegram-sales"}]}
    )

    role: Role
    name: Text | None = Field(default=None, description="Whose key it is, for people.")
    source: SourceKey | None = Field(
        default=None, description="The only source that an `intake` key registers contacts on."
    )
    expires_at: Moment | None = None


class KeyOut(Shown):
    """What is known of a key; nothing here gives access."""

    prefix: str
    role: Role
    name: str | None
    source: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class CreatedKeyOut(KeyOut):
    """A key that was just made."""

    key: str = Field(description="Keep it: it is shown here and never again.")

    @classmethod
    def of(cls, made: CreatedKey) -> "CreatedKeyOut":
        """Show a key, this once with its secret."""
        shown = KeyOut.model_validate(made.key).model_dump()
        return cls(**shown, key=made.secret)


class KeysOut(BaseModel):
    """A page of keys."""

    items: list[KeyOut]
    next_cursor: str | None

    @classmethod
    def of(cls, keys: Sequence[ApiKey], limit: int) -> "KeysOut":
        """Show as many keys as a page has; a key beyond these tells that there are more."""
        shown = [KeyOut.model_validate(KeyView.of(each)) for each in keys[:limit]]
        return cls(items=shown, next_cursor=shown[-1].prefix if len(keys) > limit else None)
