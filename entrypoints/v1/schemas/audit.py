"""The audit log in responses."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from domain.audit import Action
from entrypoints.v1.schemas.common import Shown


class AuditEntryOut(Shown):
    """An entry of the audit log."""

    id: UUID
    at: datetime
    actor: str = Field(
        description="The prefix of an API key; `local` before any key was made; `command` for "
        "the command line; `script` for a program that embeds Fairlead."
    )
    action: Action
    subject: str = Field(
        description="An id, the key of a source or the prefix of an API key; for a purge, the "
        "moment before which contacts were closed."
    )
    before: dict[str, Any] | None = Field(
        description="For a change, the values that differ, as they were."
    )
    after: dict[str, Any] | None = Field(
        description="The same values as they are now; for something new, all its values."
    )


class AuditPage(BaseModel):
    """Entries of the audit log."""

    items: list[AuditEntryOut]
    next_cursor: UUID | None
