"""Leads, and the box that finds everything."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from application.fairlead import Fairlead
from application.searching import Found
from application.views import ContactFilter
from domain.ids import ContactId, LeadId
from entrypoints.console.pages import go, page


def router(fairlead: Fairlead) -> APIRouter:
    """Build the routes."""
    routes = APIRouter()

    @routes.get("/leads/{lead_id}")
    def lead(request: Request, lead_id: UUID, after: UUID | None = None) -> Response:
        view = fairlead.leads.lead(LeadId(lead_id))
        contacts = fairlead.contacts.contacts(
            ContactFilter(lead_id=view.id),
            limit=100,
            after=None if after is None else ContactId(after),
        )
        return page(
            request,
            "lead",
            lead=view,
            contacts=contacts.items,
            next=contacts.items[-1].id if contacts.more else None,
        )

    @routes.get("/search")
    def search(request: Request, q: str = "") -> Response:
        found = fairlead.search(q) if q.strip() else Found()
        if found.contact:
            return go(request, f"/contacts/{found.contact.id}")
        if found.operator:
            return go(request, f"/operators/{found.operator.id}")
        if len(found.leads) == 1:
            return go(request, f"/leads/{found.leads[0].id}")
        return page(request, "search", q=q, leads=found.leads)

    return routes
