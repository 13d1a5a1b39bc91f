"""API keys in requests and responses."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from pydantic import BaseModel, ConfigDict, Field

from application.keys import CreatedKey
from application.ports.keys import KeyView
from domain.access import ApiKey, Role
from entrypoints.edge.pages import Moment
from entrypoints.v1.schemas.common import Body, SourceKey, Text


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


@dataclass(frozen=True, slots=True)
class CreatedKeyOut(KeyView):
    """A key that was just made. Keep `key`: it is shown here and never again."""

    key: str

    @classmethod
    def of_created(cls, made: CreatedKey) -> "CreatedKeyOut":
        """Show a key, this once with its secret."""
        return cls(**asdict(made.key), key=made.secret)


class KeyPage(BaseModel):
    """A page of keys."""

    items: list[KeyView]
    next_cursor: str | None

    @classmethod
    def of(cls, keys: Sequence[ApiKey], limit: int) -> "KeyPage":
        """Show as many keys as a page has; a key beyond these tells that there are more."""
        shown = [KeyView.of(each) for each in keys[:limit]]
        return cls(items=shown, next_cursor=shown[-1].prefix if len(keys) > limit else None)
