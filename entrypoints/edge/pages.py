"""What calls share: `limit`, moments, a cursor that is the last item's id, and addresses."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from pydantic import AwareDatetime, BeforeValidator

from application.ports.paging import Page

Limit = Annotated[int, Query(ge=1, le=200, description="The maximum number of items on a page.")]


def _no_number(value: object) -> object:
    """Refuse a number, which pydantic would take for seconds since 1970: it is a year or a slip."""
    if isinstance(value, str) and not value.lstrip("+-")[4:5] == "-":
        raise ValueError("write a moment as 2026-03-02T09:00:00Z")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_no_number)]


def address(request: Request, path: str) -> str:
    """Return the address of a path of the service, with the path that it is served under."""
    return f"{request.scope.get('root_path', '')}{path}"


def next_id(page: Page[Any]) -> UUID | None:
    """Return the cursor of the next page; None on the last one."""
    last: UUID | None = page.items[-1].id if page.more else None
    return last
