"""The page of a contact: who has it, why, and what happened to it."""

from collections.abc import Mapping
from typing import TypeVar
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Request, Response

from application.contacts import CloseContact, TransferContact
from application.fairlead import Fairlead
from application.ports.contacts import ContactView
from application.use_case import UseCase
from domain.errors import DomainError, InvalidValue, NoDecision
from domain.ids import ContactId, OperatorId
from entrypoints.console.acting import act_refused, known
from entrypoints.console.choosing import offered
from entrypoints.console.explaining import explain
from entrypoints.console.filled import EMPTY, Filled
from entrypoints.console.operators import ACT
from entrypoints.console.pages import Viewer, form, go, page, pages_below
from entrypoints.console.saying import said
from entrypoints.edge.writing import Writing

Command = TypeVar("Command", CloseContact, TransferContact)


def router(fairlead: Fairlead, writing: Writing) -> APIRouter:
    """Build the routes."""
    routes = pages_below("/contacts")

    @routes.get("/{contact_id}")
    def contact(request: Request, contact_id: UUID, choose: UUID | None = None) -> Response:
        return _page(request, ContactId(contact_id), EMPTY, choose)

    @routes.post("/{contact_id}/close")
    async def close(request: Request, contact_id: UUID) -> Response:
        given = await form(request)
        command = CloseContact(ContactId(contact_id), given.get("seen") or None)
        return await _act(request, given, "closed", fairlead.close_contact, command)

    @routes.post("/{contact_id}/transfer")
    async def transfer(request: Request, contact_id: UUID) -> Response:
        given = await form(request)
        try:
            chosen = OperatorId(known(given.get("operator", "")))
        except InvalidValue as error:
            filled = act_refused(given, error)
            return await to_thread.run_sync(_page, request, ContactId(contact_id), filled)
        command = TransferContact(ContactId(contact_id), chosen, given.get("seen") or None)
        return await _act(request, given, "transferred", fairlead.transfer_contact, command)

    async def _act(
        request: Request,
        given: Mapping[str, str],
        what: str,
        use_case: UseCase[Command, ContactView],
        command: Command,
    ) -> Response:
        try:
            await writing(request, use_case, command)
        except DomainError as error:
            filled = act_refused(given, error)
            return await to_thread.run_sync(_page, request, command.contact_id, filled)
        contact_id = str(command.contact_id)
        return go(request, f"/contacts/{contact_id}", said=what, of=contact_id)

    def _page(
        request: Request, contact_id: ContactId, filled: Filled, choose: UUID | None = None
    ) -> Response:
        view = fairlead.contacts.contact(contact_id)
        try:
            why = fairlead.contacts.decision(view.id)
        except NoDecision:
            why = None
        return page(
            request,
            "contact",
            filled.status,
            here=f"/contacts/{view.id}",
            contact=view,
            source=fairlead.catalogue.source(view.source),
            history=fairlead.contacts.history(view.id),
            why=why,
            explained=explain(why, Viewer.of(request).language) if why else None,
            others=offered(
                fairlead,
                active=True,
                but={view.operator.id} if view.operator else (),
                after=choose,
                chosen=filled.of(ACT).value("operator"),
            ),
            filled=filled,
            said=said(request, fairlead),
        )

    return routes
