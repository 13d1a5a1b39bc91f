"""/v1/audit."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from application.fairlead import Fairlead
from domain.audit import SUBJECT, Action
from domain.ids import AuditId
from entrypoints.edge.listing import Listing
from entrypoints.edge.pages import Limit, next_id
from entrypoints.edge.problems import documented
from entrypoints.v1.schemas.audit import AuditEntryOut, AuditPage


def router(fairlead: Fairlead, listing: Listing) -> APIRouter:
    """Build the routes on a wired application."""
    routes = APIRouter(prefix="/v1/audit", tags=["audit"])

    @routes.get("", responses=documented())
    @listing
    def list_audit(
        limit: Limit = 50,
        subject: Annotated[
            str | None,
            Query(
                pattern=SUBJECT,
                description="An id, the key of a source or the prefix of an API key.",
            ),
        ] = None,
        action: Annotated[
            Action | None, Query(description="Only entries about this being done.")
        ] = None,
        cursor: Annotated[
            UUID | None, Query(description="next_cursor of the previous page.")
        ] = None,
    ) -> AuditPage:
        """List who changed the configuration or gave contacts away by hand, the newest first.

        Entries are never changed or removed, and all that they hold about a lead is its id.
        """
        page = fairlead.lists.audit.entries(
            subject=subject,
            action=action,
            limit=limit,
            after=None if cursor is None else AuditId(cursor),
        )
        items = [AuditEntryOut.model_validate(each) for each in page.items]
        return AuditPage(items=items, next_cursor=next_id(page))

    return routes
