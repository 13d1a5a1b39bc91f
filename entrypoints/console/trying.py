"""Register a contact by hand and see the decision."""

from typing import Final

from anyio import to_thread
from fastapi import APIRouter, Request, Response

from application.fairlead import Fairlead
from application.intake import Intake
from application.register_contacts import RegisterContact
from domain.errors import DomainError
from entrypoints.console.choosing import Chosen, offered_sources
from entrypoints.console.filled import EMPTY, Filled, refused
from entrypoints.console.pages import form, go, page, pages_below
from entrypoints.edge.writing import ACTOR

_FIELDS: Final = {"lead.name": "name", "lead": "value", "payload": "text"}
"""Fields of the form, by prefixes of the use case's field names."""


def router(fairlead: Fairlead, intake: Intake) -> APIRouter:
    """Build the routes."""
    routes = pages_below("/try")

    @routes.get("")
    def empty(request: Request, source: Chosen = "") -> Response:
        filled = Filled("try", {"source": source}, {}) if source else EMPTY
        return page(request, "try", sources=offered_sources(fairlead), filled=filled)

    @routes.post("")
    async def register(request: Request) -> Response:
        given = await form(request)
        identity = given.get("value", "").strip()
        command = RegisterContact(
            given.get("source", ""),
            {given.get("kind", ""): identity} if identity else {},
            lead_name=given.get("name", "").strip() or None,
            payload={"text": given.get("text", ""), "test": True},
        )
        try:
            registered = await intake.submit(
                fairlead.register_contact, command, request.scope[ACTOR]
            )
        except DomainError as error:
            # In a thread: the loop must not wait for the storage.
            sources = await to_thread.run_sync(offered_sources, fairlead)
            filled = refused("try", given, error, _FIELDS)
            return page(request, "try", filled.status, here="/try", sources=sources, filled=filled)
        contact_id = str(registered.contact.id)
        return go(request, f"/contacts/{contact_id}", said="registered", of=contact_id)

    return routes
