"""Register a contact by hand and see what is decided."""

from anyio import to_thread
from fastapi import APIRouter, Request, Response

from application.fairlead import Fairlead
from application.register_contacts import Intake, RegisterContact
from domain.errors import DomainError
from entrypoints.console.pages import form, go, page
from entrypoints.console.sources import Chosen, offered_sources
from entrypoints.console.words import PROBLEMS
from entrypoints.http.gate import KEY, require_source
from entrypoints.http.problems import STATUSES, Refusal


def router(fairlead: Fairlead, intake: Intake) -> APIRouter:
    """Build the routes."""
    routes = APIRouter(prefix="/try")

    @routes.get("")
    def empty(request: Request, source: Chosen = "") -> Response:
        return page(
            request,
            "try",
            sources=offered_sources(fairlead),
            given={"source": source},
            problem=None,
            detail=None,
        )

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
            require_source(request.scope[KEY], command.source)
            registered = await intake.submit(command)
        except (DomainError, Refusal) as refusal:
            # In a thread: the loop must not wait for the storage.
            sources = await to_thread.run_sync(offered_sources, fairlead)
            return page(
                request,
                "try",
                STATUSES[refusal.code],
                sources=sources,
                given=given,
                problem=PROBLEMS.get(refusal.code),
                detail=refusal.detail,
            )
        return go(request, f"/contacts/{registered.contact.id}", said="registered")

    return routes
