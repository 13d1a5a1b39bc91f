"""One contact: what it is, who has it, and why."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from application.contacts import CloseContact, TransferContact
from application.fairlead import Fairlead
from domain.errors import NoDecision
from domain.ids import ContactId, OperatorId
from entrypoints.console.explaining import explain
from entrypoints.console.operators import known, offered
from entrypoints.console.pages import Viewer, form, go, page
from entrypoints.http.writing import Writing


def router(fairlead: Fairlead, writing: Writing) -> APIRouter:
    """Build the routes."""
    routes = APIRouter(prefix="/contacts")

    @routes.get("/{contact_id}")
    def contact(request: Request, contact_id: UUID) -> Response:
        view = fairlead.contacts.contact(ContactId(contact_id))
        try:
            why = fairlead.contacts.decision(view.id)
        except NoDecision:
            why = None
        return page(
            request,
            "contact",
            contact=view,
            why=why,
            explained=explain(why, Viewer.of(request).language) if why else None,
            others=offered(fairlead, active=True, but={view.operator.id} if view.operator else ()),
        )

    @routes.post("/{contact_id}/close")
    async def close(request: Request, contact_id: UUID) -> Response:
        await form(request)
        await writing(fairlead.close_contact, CloseContact(ContactId(contact_id)))
        return go(request, f"/contacts/{contact_id}", said="closed")

    @routes.post("/{contact_id}/transfer")
    async def transfer(request: Request, contact_id: UUID) -> Response:
        given = await form(request)
        await writing(
            fairlead.transfer_contact,
            TransferContact(ContactId(contact_id), OperatorId(known(given.get("operator", "")))),
        )
        return go(request, f"/contacts/{contact_id}", said="transferred")

    return routes
