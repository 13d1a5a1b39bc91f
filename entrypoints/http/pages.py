"""What all lists share: `limit`, and a cursor that is the last item's id."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from application.views import Page

Limit = Annotated[int, Query(ge=1, le=200, description="The most items on a page.")]


def next_id(page: Page[Any]) -> UUID | None:
    """Return the cursor of the next page; None on the last one."""
    last: UUID | None = page.items[-1].id if page.more else None
    return last
